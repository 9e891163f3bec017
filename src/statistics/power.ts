import { studentAbove, studentBound } from "./student.js";

/** What a plan starts from: the variances of a difference as they were found. */
export interface Spread {
  readonly unitVariance: number;
  readonly seedVariance: number;
  /** 0 where nothing is known of them. */
  readonly units: number;
  readonly seeds: number;
  readonly folds: number;
}

/** What would show a difference of the margin: more seeds, or more units, the other as it is. */
export interface Needed {
  /** Null: no number of seeds is enough, since the units alone leave too much open. */
  readonly seeds: number | null;
  readonly units: number | null;
}

/** More seeds or units than this are not worth naming. */
const MOST_SEEDS = 10_000;
const MOST_UNITS = 1e9;

/**
 * Power of a one-sided t-test at 5 % for a true difference `effect`: P(T ≥ bound − effect/se), the
 * usual approximation of the noncentral t by a shifted one.
 */
export function powerOf(effect: number, spread: Spread): number {
  const { unitVariance, seedVariance, units, seeds, folds } = spread;
  const total = unitVariance + seedVariance;
  const df =
    total ** 2 /
    (unitVariance ** 2 / Math.max(1, units - folds) + seedVariance ** 2 / Math.max(1, seeds - 1));
  return studentAbove(studentBound(0.1, df) - effect / Math.sqrt(total), df);
}

/**
 * Seeds, or units, that give `power` for a true difference `effect`, the other as it is. The units'
 * part of the variance falls as 1/K and does not depend on seeds; the seeds' part falls as 1/S.
 */
export function neededFor(effect: number, power: number, spread: Spread): Needed {
  const withSeeds = (seeds: number): number =>
    powerOf(effect, {
      ...spread,
      seeds,
      seedVariance: (spread.seedVariance * spread.seeds) / seeds,
    });
  const withUnits = (units: number): number =>
    powerOf(effect, {
      ...spread,
      units,
      unitVariance: (spread.unitVariance * spread.units) / units,
    });
  return {
    seeds: smallest(Math.max(3, spread.seeds), MOST_SEEDS, (n) => withSeeds(n) >= power),
    units:
      spread.units === 0 ? null : smallest(spread.units, MOST_UNITS, (n) => withUnits(n) >= power),
  };
}

/** The smallest whole number from `low` on that is enough, up to about `most`; null where none is. */
function smallest(low: number, most: number, enough: (n: number) => boolean): number | null {
  if (enough(low)) return low;
  let high = low * 2;
  while (!enough(high)) {
    if (high > most) return null;
    high *= 2;
  }
  let below = Math.floor(high / 2);
  while (high - below > 1) {
    const middle = Math.floor((below + high) / 2);
    if (enough(middle)) high = middle;
    else below = middle;
  }
  return high;
}
