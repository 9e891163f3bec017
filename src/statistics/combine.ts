import { mean, type Sureness, surenessOf, variance } from "./seeds.js";

/** Influences of one metric in one cell, as the science gives them. */
export interface UnitValues {
  /** [K] ids of the units (users, say) that have a part in the metric, ascending. */
  readonly units: Int32Array;
  /** [K] what each adds to the metric's deviation; they sum to 0. */
  readonly phi: Float64Array;
}

/** One replicate of a pair: the same seed, the same fold, the same test split on both sides. */
export interface Pair {
  readonly seed: string;
  /** Part of a cross-validation; the same text everywhere where there is none. */
  readonly fold: string;
  /** Metric of A minus metric of B. */
  readonly difference: number;
  readonly a: UnitValues;
  readonly b: UnitValues;
}

/** A difference with the variances of its two sources of chance. */
export interface Combined {
  /** Mean over seeds of the mean over folds. */
  readonly difference: number;
  /** Variance of the difference from the choice of units. */
  readonly unitVariance: number;
  /** The same from seeds; null with one seed, whose part is then left out. */
  readonly seedVariance: number | null;
  /** K: units; S: seeds; F: folds. */
  readonly units: number;
  readonly seeds: number;
  readonly folds: number;
  readonly sureness: Sureness;
}

/**
 * A difference A − B over units and seeds together: a new draw of test units and a new draw of seeds
 * may both vary.
 *
 *     φ_u  = what unit u adds to A's metric minus what it adds to B's
 *     V_U  = K/(K−1) Σ_u (mean over seeds of φ_u)²
 *     V_S  = sample variance of the difference over seeds / S
 *     V    = V_U + V_S,  df = V² / (V_U²/(K−1) + V_S²/(S−1))   (Satterthwaite)
 *
 * With F folds a unit belongs to one of them; its φ counts 1/F, V_U is summed over folds, and K − 1
 * becomes K − F. With one seed V = V_U and df = K − F.
 *
 * @param pairs every seed with every fold, each once
 * @returns the difference, or why it has no variance to be judged by
 */
export function combine(pairs: readonly Pair[]): Combined | { readonly reason: string } {
  const folds = groupBy(pairs, ({ fold }) => fold);
  const perSeed = groupBy(pairs, ({ seed }) => seed).map((group) =>
    mean(group.map(({ difference }) => difference)),
  );
  let unitVariance = 0;
  let units = 0;
  for (const group of folds) {
    const sum = meanInfluence(group);
    if (sum === null) return { reason: "the two sides were tested on different cases" };
    const K = sum.length;
    if (K < 2) return { reason: "too few test cases" };
    let squares = 0;
    for (const phi of sum) squares += phi ** 2;
    unitVariance += ((K / (K - 1)) * squares) / folds.length ** 2;
    units += K;
  }
  const seeds = perSeed.length;
  const difference = mean(perSeed);
  const spread = variance(perSeed);
  const seedVariance = spread === null ? null : spread / seeds;
  const total = unitVariance + (seedVariance ?? 0);
  if (!(total > 0)) return { reason: "the two sides do not differ anywhere" };
  const unitDf = units - folds.length;
  const df =
    seedVariance === null || seedVariance === 0
      ? unitDf
      : total ** 2 / (unitVariance ** 2 / unitDf + seedVariance ** 2 / (seeds - 1));
  return {
    difference,
    unitVariance,
    seedVariance,
    units,
    seeds,
    folds: folds.length,
    sureness: surenessOf(difference, Math.sqrt(total), df),
  };
}

/** [K] mean over a fold's seeds of φ of A minus φ of B; null where the units are not the same. */
function meanInfluence(pairs: readonly Pair[]): Float64Array | null {
  const { units } = pairs[0]!.a;
  const sum = new Float64Array(units.length);
  for (const { a, b } of pairs) {
    if (!sameUnits(units, a.units) || !sameUnits(units, b.units)) return null;
    for (let i = 0; i < sum.length; i++) sum[i]! += (a.phi[i]! - b.phi[i]!) / pairs.length;
  }
  return sum;
}

function sameUnits(a: Int32Array, b: Int32Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return [...groups.values()];
}
