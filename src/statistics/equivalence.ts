import { intervalOf, type Sureness } from "./seeds.js";
import { studentAbove, studentBelow } from "./student.js";

/** Whether a difference is smaller than a margin. */
export interface Equivalence {
  readonly margin: number;
  /** The larger p of two one-sided tests. */
  readonly p: number;
  /** 90 % interval of the difference: within the margin exactly where p < .05. */
  readonly interval: readonly [low: number, high: number];
  readonly holds: boolean;
}

/**
 * Two one-sided t-tests (TOST): that the difference is above −margin and below +margin.
 *
 * @param margin above 0, in the metric's own unit
 */
export function equivalence(difference: number, { se, df }: Sureness, margin: number): Equivalence {
  const p = Math.max(
    studentAbove((difference + margin) / se, df),
    studentBelow((difference - margin) / se, df),
  );
  return { margin, p, interval: intervalOf(difference, se, df, 0.1), holds: p < 0.05 };
}
