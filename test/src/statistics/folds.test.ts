import { describe, expect, test } from "vitest";
import { combine, type Combined, type Pair } from "../../../src/statistics/combine.js";

/** A pair whose units add `phi` on A's side and nothing on B's. */
function pair(
  seed: number,
  fold: number,
  difference: number,
  units: number[],
  phi: number[],
): Pair {
  const ids = Int32Array.from(units);
  return {
    seed: String(seed),
    fold: String(fold),
    difference,
    a: { units: ids, phi: Float64Array.from(phi) },
    b: { units: ids, phi: new Float64Array(units.length) },
  };
}

const combined = (pairs: readonly Pair[]): Combined => {
  const result = combine(pairs);
  if ("reason" in result) throw new Error(result.reason);
  return result;
};

describe("folds in combine", () => {
  // Two folds of 3 and 2 units, two seeds.
  const pairs = [
    pair(1, 1, 0.1, [1, 2, 3], [0.01, 0.02, -0.03]),
    pair(1, 2, 0.3, [4, 5], [0.04, -0.04]),
    pair(2, 1, 0.2, [1, 2, 3], [0.03, 0, -0.03]),
    pair(2, 2, 0.2, [4, 5], [0.02, -0.02]),
  ];

  test("give the numbers of the formula, worked out by hand", () => {
    const found = combined(pairs);
    // Fold 1: φ .02, .01, −.03; 3/2 · .0014 = .0021. Fold 2: φ .03, −.03; 2/1 · .0018 = .0036.
    expect(found.unitVariance).toBeCloseTo((0.0021 + 0.0036) / 4, 15);
    // Seeds: .2 and .2, each the mean of its folds.
    expect(found.difference).toBeCloseTo(0.2, 15);
    expect(found.seedVariance).toBeCloseTo(0, 15);
    expect([found.units, found.seeds, found.folds]).toEqual([5, 2, 2]);
    expect(found.sureness.df).toBeCloseTo(5 - 2, 9);
    expect(found.sureness.se).toBeCloseTo(Math.sqrt(0.0057 / 4), 15);
  });

  test("a fold's mean, not its single cells, varies with the seed", () => {
    const moved = pairs.map((one) =>
      one.seed === "2" ? { ...one, difference: one.difference + 0.02 } : one,
    );
    const found = combined(moved);
    // Seeds .2 and .22: sample variance .0002, halved.
    expect(found.seedVariance).toBeCloseTo(0.0001, 15);
    const [V_U, V_S] = [0.0057 / 4, 0.0001];
    expect(found.sureness.df).toBeCloseTo((V_U + V_S) ** 2 / (V_U ** 2 / 3 + V_S ** 2 / 1), 9);
  });

  test("the order of pairs does not matter", () => {
    const [one, other] = [combined(pairs), combined([...pairs].reverse())];
    expect(other.unitVariance).toBeCloseTo(one.unitVariance, 15);
    expect(other.difference).toBeCloseTo(one.difference, 15);
  });

  test("units may differ between folds, not within one", () => {
    const strange = { ...pairs[2]!, a: pair(2, 1, 0, [1, 2, 9], [0, 0, 0]).a };
    expect(combine([pairs[0]!, pairs[1]!, strange, pairs[3]!])).toEqual({
      reason: "the two sides were tested on different cases",
    });
  });

  test("a fold with one unit has no variance", () => {
    expect(combine([pairs[0]!, pair(1, 2, 0.3, [4], [0])])).toEqual({
      reason: "too few test cases",
    });
  });

  // Units of one population in F folds: the mean over folds is as sure as one test of them all.
  test.each([2, 4, 5])("%d folds of a population are as sure as all its units at once", (F) => {
    const K = 400;
    const value = (unit: number): number => Math.sin(12.9898 * unit) + 0.3;
    const testOf = (fold: number, units: number[]): Pair => {
      const mean = units.reduce((sum, unit) => sum + value(unit), 0) / units.length;
      const phi = units.map((unit) => (value(unit) - mean) / units.length);
      return pair(1, fold, mean, units, phi);
    };
    const all = Array.from({ length: K }, (_, unit) => unit);
    const whole = combined([testOf(0, all)]);
    const folded = combined(
      Array.from({ length: F }, (_, fold) =>
        testOf(
          fold,
          all.filter((unit) => unit % F === fold),
        ),
      ),
    );
    expect(folded.difference).toBeCloseTo(whole.difference, 12);
    expect(Math.abs(folded.sureness.se / whole.sureness.se - 1)).toBeLessThan(0.02);
    expect([whole.sureness.df, folded.sureness.df]).toEqual([K - 1, K - F]);
  });
});
