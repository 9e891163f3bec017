import type { Combined } from "./combine.js";
import { type Needed, neededFor } from "./power.js";
import { studentAbove, studentBound } from "./student.js";

/** Fewer seeds than this show no p and no verdict; fewer than the second are said. */
export const FEWEST_SEEDS = 3;
export const ENOUGH_SEEDS = 5;

/** What a claim made of several differences comes to. */
export type Verdict = "helps" | "does not help" | "hurts" | "cannot tell";

/** A difference of a claim, with the sign that makes better results greater ones. */
export interface SignedDifference {
  /** Above 0 where the variant is better. */
  readonly gain: number;
  readonly combined: Combined;
}

/** P of a gain at least as large if the true gain is 0 or less. */
export const oneSided = ({ gain, combined: { sureness } }: SignedDifference): number =>
  studentAbove(gain / sureness.se, sureness.df);

/** The gain that the true one is below with 95 % confidence. */
export const upperBound = ({ gain, combined: { sureness } }: SignedDifference): number =>
  gain + studentBound(0.1, sureness.df) * sureness.se;

/**
 * Judges a claim that needs every difference to be a gain.
 *
 * - helps: every one-sided p < .05 (each test at 5 % keeps the whole at 5 %);
 * - hurts: for one of them the one-sided 95 % upper bound is below 0;
 * - does not help: for one of them that bound is below the margin;
 * - cannot tell: otherwise, and always with fewer than three seeds.
 *
 * @param margin the smallest gain that matters; null: none is given, and nothing is too small
 */
export function judge(differences: readonly SignedDifference[], margin: number | null): Verdict {
  if (differences.some(({ combined }) => combined.seeds < FEWEST_SEEDS)) return "cannot tell";
  if (differences.every((one) => oneSided(one) < 0.05)) return "helps";
  const bounds = differences.map(upperBound);
  if (bounds.some((bound) => bound < 0)) return "hurts";
  if (margin !== null && bounds.some((bound) => bound < margin)) return "does not help";
  return "cannot tell";
}

/**
 * The number of seeds, or of units, that would give 80 % power for a gain as large as the margin.
 * Each of n differences is planned at a power of 1 − .2/n (90 % for two), so that all of them
 * together succeed in at least 80 % of cases.
 */
export function neededBy(differences: readonly SignedDifference[], margin: number): Needed {
  const power = 1 - 0.2 / differences.length;
  const each = differences.map(
    ({ combined: { unitVariance, seedVariance, units, seeds, folds } }) =>
      neededFor(margin, power, {
        unitVariance,
        seedVariance: seedVariance ?? 0,
        units,
        seeds,
        folds,
      }),
  );
  const largest = (values: readonly (number | null)[]): number | null =>
    values.reduce<number | null>(
      (most, value) => (most === null || value === null ? null : Math.max(most, value)),
      0,
    );
  return {
    seeds: largest(each.map(({ seeds }) => seeds)),
    units: largest(each.map(({ units }) => units)),
  };
}
