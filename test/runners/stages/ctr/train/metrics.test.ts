import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quality } from "../../../../../runners/stages/ctr/metrics.js";

/** AUC by its definition: over all pairs of a positive and a negative. */
function pairwise(scores: readonly number[], labels: readonly number[]): number | undefined {
  let sum = 0;
  let pairs = 0;
  scores.forEach((positive, i) =>
    scores.forEach((negative, j) => {
      if (labels[i] !== 1 || labels[j] !== 0) return;
      pairs++;
      sum += positive > negative ? 1 : positive === negative ? 0.5 : 0;
    }),
  );
  return pairs === 0 ? undefined : sum / pairs;
}

// Few different scores, so that ties are common.
const sample = fc.record({
  score: fc.integer({ min: 0, max: 6 }).map((n) => Math.fround(n / 7)),
  label: fc.integer({ min: 0, max: 1 }),
  user: fc.integer({ min: 1, max: 4 }),
});

describe("quality", () => {
  it("counts pairs as AUC's definition does, ties half, over all and by user", () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 60 }), (samples) => {
        const scores = samples.map(({ score }) => score);
        const labels = samples.map(({ label }) => label);
        const found = quality(
          Float32Array.from(scores),
          Float32Array.from(labels),
          Int32Array.from(samples, ({ user }) => user),
        );
        const expected = pairwise(scores, labels);
        if (expected === undefined) expect(found.auc).toBeUndefined();
        else expect(found.auc).toBeCloseTo(expected, 12);
        let weighted = 0;
        let weight = 0;
        for (const user of new Set(samples.map((one) => one.user))) {
          const own = samples.filter((one) => one.user === user);
          const auc = pairwise(
            own.map(({ score }) => score),
            own.map(({ label }) => label),
          );
          if (auc === undefined) continue;
          weighted += auc * own.length;
          weight += own.length;
        }
        if (weight === 0) expect(found.gauc).toBeUndefined();
        else expect(found.gauc).toBeCloseTo(weighted / weight, 12);
      }),
    );
  });

  it("gives the log loss of known scores, finite at 0 and 1", () => {
    const users = Int32Array.of(1, 1);
    const even = quality(Float32Array.of(0.5, 0.5), Float32Array.of(0, 1), users);
    expect(even.logloss).toBeCloseTo(Math.LN2, 12);
    const wrong = quality(Float32Array.of(1, 0), Float32Array.of(0, 1), users);
    expect(wrong.logloss).toBeCloseTo(24 * Math.LN2, 6);
  });

  it("refuses a score that is not a number", () => {
    expect(() => quality(Float32Array.of(NaN), Float32Array.of(1), Int32Array.of(1))).toThrow(
      RangeError,
    );
  });
});
