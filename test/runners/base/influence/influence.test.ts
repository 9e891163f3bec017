import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { influences, testSplit } from "../../../../runners/base/influence/influence.js";
import { quality } from "../../../../runners/stages/ctr/metrics.js";
import { example, exampleSplit } from "../../../support/users-and-seeds.js";

test("AUC's influence per user is that of the example", () => {
  const [a, b] = [example.scores.A[0]!, example.scores.B[0]!].map(
    (scores) => influences(Float64Array.from(scores), exampleSplit).auc!,
  );
  expect([a!.value, b!.value]).toEqual(example.expected.seed1.auc);
  const phi = [...a!.phi].map((value, user) => value - b!.phi[user]!);
  for (const [user, value] of example.expected.seed1.phi.entries()) {
    expect(Math.abs(phi[user]! - value)).toBeLessThan(1e-12);
  }
  const clustered = (5 / 4) * phi.reduce((sum, value) => sum + value ** 2, 0);
  expect(Math.abs(clustered - example.expected.seed1.clustered_variance)).toBeLessThan(1e-9);
});

// Few different scores, so that ties are common; user ids with gaps.
const samples = fc.array(
  fc.record({
    score: fc.integer({ min: 0, max: 6 }).map((n) => Math.fround(n / 7)),
    label: fc.integer({ min: 0, max: 1 }),
    user: fc.integer({ min: 0, max: 4 }).map((n) => 3 * n),
  }),
  { minLength: 1, maxLength: 40 },
);

describe("influences", () => {
  test("have the values of the metrics themselves, and sum to 0", () => {
    fc.assert(
      fc.property(samples, (all) => {
        const scores = Float32Array.from(all, ({ score }) => score);
        const labels = Uint8Array.from(all, ({ label }) => label);
        const users = Int32Array.from(all, ({ user }) => user);
        const found = influences(scores, testSplit(users, labels));
        const expected = quality(scores, labels, users);
        for (const metric of ["auc", "logloss", "gauc"] as const) {
          const influence = found[metric];
          expect(influence === undefined).toBe(expected[metric] === undefined);
          if (influence === undefined) continue;
          expect(influence.value).toBeCloseTo(expected[metric]!, 12);
          expect(influence.phi.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12);
          expect(influence.units).toHaveLength(influence.phi.length);
          expect(influence.units.length + influence.leftOut).toBe(new Set(users).size);
        }
      }),
    );
  });

  test("follow the definition of V10 and V01 over all pairs", () => {
    fc.assert(
      fc.property(samples, (all) => {
        const m = all.filter(({ label }) => label === 1).length;
        const n = all.length - m;
        fc.pre(m > 0 && n > 0);
        const psi = (x: number): number => (x > 0 ? 1 : x === 0 ? 0.5 : 0);
        const found = influences(
          Float32Array.from(all, ({ score }) => score),
          testSplit(
            Int32Array.from(all, ({ user }) => user),
            Uint8Array.from(all, ({ label }) => label),
          ),
        ).auc!;
        for (const [place, user] of found.units.entries()) {
          let phi = 0;
          for (const one of all) {
            if (one.user !== user) continue;
            const others = all.filter(({ label }) => label !== one.label);
            const sign = one.label === 1 ? 1 : -1;
            const part = others.reduce(
              (sum, { score }) => sum + psi(sign * (one.score - score)),
              0,
            );
            phi += (part / others.length - found.value) / (one.label === 1 ? m : n);
          }
          expect(found.phi[place]).toBeCloseTo(phi, 12);
        }
      }),
    );
  });

  test("refuse a score that is not a number", () => {
    expect(() =>
      influences(Float32Array.of(0.5, NaN), testSplit(Int32Array.of(1, 1), Uint8Array.of(1, 0))),
    ).toThrow(RangeError);
  });
});
