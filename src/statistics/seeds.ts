import { studentBound, studentP } from "./student.js";

/** Mean of numbers; NaN of none. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sample variance (n − 1 in the denominator); null below two values. */
export function variance(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

/** Sample standard deviation (n − 1 in the denominator); null below two values. */
export function deviation(values: readonly number[]): number | null {
  const squared = variance(values);
  return squared === null ? null : Math.sqrt(squared);
}

/** A difference's standard error, test and interval. */
export interface Sureness {
  /** Standard error of the difference. */
  readonly se: number;
  /** Degrees of freedom of Student's t; need not be whole. */
  readonly df: number;
  /** The difference in standard errors. */
  readonly t: number;
  /** Two-sided: probability of a t at least as far from 0 if the true difference is 0. */
  readonly p: number;
  /** 95 % confidence interval of the difference. */
  readonly interval: readonly [low: number, high: number];
}

/** The sureness of a difference from its standard error, by Student's t. */
export function surenessOf(difference: number, se: number, df: number): Sureness {
  const t = difference / se;
  return { se, df, t, p: studentP(t, df), interval: intervalOf(difference, se, df, 0.05) };
}

/** A confidence interval that misses the true difference with probability `alpha`. */
export function intervalOf(
  difference: number,
  se: number,
  df: number,
  alpha: number,
): [low: number, high: number] {
  const half = studentBound(alpha, df) * se;
  return [difference - half, difference + half];
}

/**
 * Student's paired t-test of a difference per seed against 0, or why it cannot be computed. It
 * describes one test split: another draw of test cases is not part of what may vary.
 */
export function seedTest(differences: readonly number[]): Sureness | { readonly reason: string } {
  const n = differences.length;
  if (n < 2) return { reason: `a test over seeds needs at least two seeds, but there is ${n}` };
  const spread = deviation(differences)!;
  // Differences that are equal up to rounding have no spread to compare their mean with.
  const scale = Math.max(...differences.map(Math.abs));
  if (spread <= scale * 1e-12) return { reason: "the difference is the same for every seed" };
  return surenessOf(mean(differences), spread / Math.sqrt(n), n - 1);
}
