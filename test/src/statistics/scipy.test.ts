import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { equivalence } from "../../../src/statistics/equivalence.js";
import { holm } from "../../../src/statistics/holm.js";
import { seedTest, type Sureness } from "../../../src/statistics/seeds.js";
import { studentAbove, studentBelow, studentBound } from "../../../src/statistics/student.js";

/** What test/data/statistics/make_scipy.py wrote. */
const known = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "../../data/statistics/scipy.json"), "utf8"),
) as {
  tails: { t: number; df: number; below: number; above: number }[];
  quantiles: { alpha: number; df: number; t: number }[];
  paired: {
    a: number[];
    b: number[];
    t: number;
    df: number;
    p: number;
    interval: [number, number];
    interval90: [number, number];
    tost: { [margin: string]: number };
  }[];
  families: { p: number[]; holm: number[] }[];
};

const apart = (value: number, expected: number): number =>
  Math.abs(value - expected) / Math.max(Math.abs(expected), 1e-300);

test("Student's t has mpmath's tails, far out and near 0, and is symmetric", () => {
  expect(known.tails.length).toBeGreaterThan(80);
  for (const { t, df, below, above } of known.tails) {
    const where = `t ${t}, df ${df}`;
    // ln Γ(df/2) grows like df ln df, and the rounding of its last digit with it.
    const most = 1e-12 + 1e-15 * df;
    expect(apart(studentBelow(t, df), below), where).toBeLessThan(most);
    expect(apart(studentAbove(-t, df), below), where).toBeLessThan(most);
    expect(apart(studentAbove(t, df), above), where).toBeLessThan(1e-9);
    expect(apart(studentBelow(-t, df), above), where).toBeLessThan(1e-9);
  }
});

test("Student's t has SciPy's quantiles", () => {
  expect(known.quantiles.length).toBe(60);
  for (const { alpha, df, t } of known.quantiles) {
    expect(apart(studentBound(alpha, df), t), `alpha ${alpha}, df ${df}`).toBeLessThan(1e-9);
  }
});

const seedsOf = ({ a, b }: { readonly a: number[]; readonly b: number[] }) => {
  const differences = a.map((value, at) => value - b[at]!);
  const found = seedTest(differences);
  if ("reason" in found) throw new Error(found.reason);
  return { difference: differences.reduce((x, y) => x + y) / differences.length, found };
};

test("the paired test over seeds is ttest_rel, its interval included", () => {
  expect(known.paired.length).toBe(12);
  for (const one of known.paired) {
    const { found } = seedsOf(one);
    expect(found.df).toBe(one.df);
    expect(apart(found.t, one.t)).toBeLessThan(1e-9);
    expect(apart(found.p, one.p)).toBeLessThan(1e-9);
    for (const end of [0, 1] as const)
      expect(Math.abs(found.interval[end] - one.interval[end])).toBeLessThan(1e-11);
  }
});

test("the test of equivalence is the larger of SciPy's two one-sided tests", () => {
  const verdicts = new Set<boolean>();
  for (const one of known.paired) {
    const { difference, found }: { difference: number; found: Sureness } = seedsOf(one);
    for (const [margin, p] of Object.entries(one.tost)) {
      const result = equivalence(difference, found, Number(margin));
      expect(apart(result.p, p)).toBeLessThan(1e-9);
      expect(result.holds).toBe(p < 0.05);
      for (const end of [0, 1] as const)
        expect(Math.abs(result.interval[end] - one.interval90[end])).toBeLessThan(1e-11);
      const within = Math.max(...result.interval.map(Math.abs)) < Number(margin);
      expect(within).toBe(result.holds);
      verdicts.add(result.holds);
    }
  }
  expect(verdicts.size).toBe(2);
});

test("Holm's correction is the closed test of all subfamilies", () => {
  for (const { p, holm: expected } of known.families) {
    const corrected = holm(p);
    for (const [at, value] of expected.entries())
      expect(Math.abs(corrected[at]! - value)).toBeLessThan(1e-12);
  }
});
