import { describe, expect, test } from "vitest";
import { influences } from "../../../runners/base/influence/influence.js";
import { combine, type Combined, type Pair } from "../../../src/statistics/combine.js";
import { equivalence } from "../../../src/statistics/equivalence.js";
import { seedTest } from "../../../src/statistics/seeds.js";
import { example, exampleSplit } from "../../support/users-and-seeds.js";

const pairsOf = (metric: "auc" | "logloss" | "gauc"): Pair[] =>
  example.scores.A.map((scores, seed) => {
    const a = influences(Float64Array.from(scores), exampleSplit)[metric]!;
    const b = influences(Float64Array.from(example.scores.B[seed]!), exampleSplit)[metric]!;
    return { seed: String(seed), fold: "", difference: a.value - b.value, a, b };
  });

const combined = (pairs: readonly Pair[]): Combined => {
  const result = combine(pairs);
  if ("reason" in result) throw new Error(result.reason);
  return result;
};

const near = (value: number, expected: number): void =>
  expect(Math.abs(value - expected)).toBeLessThan(1e-9);

describe("users and seeds together", () => {
  test("give the example's numbers to 1e-9", () => {
    const { both } = example.expected;
    const { difference, unitVariance, seedVariance, sureness, units, seeds } = combined(
      pairsOf("auc"),
    );
    near(difference, both.difference);
    near(unitVariance, both.V_U);
    near(seedVariance!, both.V_S);
    near(sureness.df, both.df);
    near(sureness.p, both.p);
    near(sureness.interval[0], both.interval[0]);
    near(sureness.interval[1], both.interval[1]);
    expect([units, seeds]).toEqual([5, 2]);
    near(equivalence(difference, sureness, 0.05).p, both["tost_0.05_p"]);
    const alone = seedTest(pairsOf("auc").map((pair) => pair.difference));
    if ("reason" in alone) throw new Error(alone.reason);
    near(alone.t, both.seed_t);
    near(alone.p, both.seed_p);
  });

  test.each(["logloss", "gauc"] as const)("give the example's numbers for %s", (metric) => {
    const expected = example.expected[`${metric}_both`];
    const { difference, sureness } = combined(pairsOf(metric));
    near(difference, expected.difference);
    near(sureness.p, expected.p);
    near(sureness.interval[0], expected.interval[0]);
    near(sureness.interval[1], expected.interval[1]);
  });
});
