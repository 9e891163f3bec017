import { canonicalJson } from "../base/json.js";
import type { CellId } from "../base/fingerprint.js";
import { SEED } from "../cells/index.js";
import type { Influence } from "../contract/statistics.js";
import type { Combined, Evidence, Pair, Sureness } from "../statistics/index.js";
import { combine, deviation, mean, seedTest } from "../statistics/index.js";
import type { Field } from "./field.js";
import type { Method } from "./model.js";
import type { CellOutcome } from "./outcome.js";

/** What differences of one metric are judged by. */
export interface Judging {
  readonly metric: string;
  readonly field: Field;
  readonly evidence: Evidence;
  /** True where seeds alone were asked for. */
  readonly seedsAlone: boolean;
}

/** A difference A − B with its interval and test. */
export interface Contrast {
  readonly difference: number;
  /** Over seeds; null below two. */
  readonly sd: number | null;
  readonly seeds: number;
  /** Null if no interval can be computed. */
  readonly method: Method | null;
  /** Why units are not taken to vary, where they are not. */
  readonly why: string | null;
  /** Null with the reason in its place. By seeds alone its units' part is 0. */
  readonly combined: Combined | null;
  readonly reason: string | null;
}

/** Two cells that differ only in what is compared: they have the same seed and the same fold. */
interface Match {
  readonly seed: string;
  readonly fold: string;
  readonly a: CellOutcome;
  readonly b: CellOutcome;
}

/**
 * The difference of two variants over the seeds that both have, in every fold; null where no seed is
 * finished on both sides.
 */
export function contrastOf(
  a: readonly CellOutcome[],
  b: readonly CellOutcome[],
  judging: Judging,
): Contrast | null {
  const matches = matchesOf(a, b, judging);
  if (matches.length === 0) return null;
  const { metric } = judging;
  const bySeed = new Map<string, number[]>();
  for (const match of matches) {
    const differences = bySeed.get(match.seed) ?? [];
    differences.push(match.a.metrics[metric]! - match.b.metrics[metric]!);
    bySeed.set(match.seed, differences);
  }
  const perSeed = [...bySeed.values()].map(mean);
  const common = { difference: mean(perSeed), sd: deviation(perSeed), seeds: perSeed.length };
  const pairs = pairsOf(matches, judging);
  const combined = "reason" in pairs ? pairs : combine(pairs.pairs);
  if (!("reason" in combined)) {
    const method = combined.seedVariance === null ? "units" : "units and seeds";
    return { ...common, method, why: null, combined, reason: null };
  }
  const alone = seedTest(perSeed);
  if ("reason" in alone) {
    return { ...common, method: null, why: combined.reason, combined: null, reason: alone.reason };
  }
  const folds = new Set(matches.map(({ fold }) => fold)).size;
  const bySeeds = seedsOnly(common.difference, perSeed.length, folds, alone);
  return { ...common, method: "seeds", why: combined.reason, combined: bySeeds, reason: null };
}

const seedsOnly = (
  difference: number,
  seeds: number,
  folds: number,
  sureness: Sureness,
): Combined => ({
  difference,
  unitVariance: 0,
  seedVariance: sureness.se ** 2,
  units: 0,
  seeds,
  folds,
  sureness,
});

/** Cells of both sides by seed and fold; a seed counts where it has every fold that is there. */
function matchesOf(
  a: readonly CellOutcome[],
  b: readonly CellOutcome[],
  { metric, field }: Judging,
): Match[] {
  const keyed = (cells: readonly CellOutcome[]): Map<string, Omit<Match, "b">> =>
    new Map(
      cells.flatMap((cell) => {
        const value = cell.metrics[metric];
        if (cell.state !== "finished" || value === undefined || !Number.isFinite(value)) return [];
        const seed = canonicalJson(cell.settings[SEED] ?? null);
        const fold = field.foldOf(cell.settings);
        return [[`${seed} ${fold}`, { seed, fold, a: cell }] as const];
      }),
    );
  const others = keyed(b);
  const matches = [...keyed(a)].flatMap(([key, one]): Match[] => {
    const other = others.get(key);
    return other === undefined ? [] : [{ ...one, b: other.a }];
  });
  const folds = new Set(matches.map(({ fold }) => fold)).size;
  const count = new Map<string, number>();
  for (const { seed } of matches) count.set(seed, (count.get(seed) ?? 0) + 1);
  return matches.filter(({ seed }) => count.get(seed) === folds);
}

/** The matches with each side's influences, or why there are none. */
function pairsOf(
  matches: readonly Match[],
  { metric, field, evidence, seedsAlone }: Judging,
): { readonly pairs: readonly Pair[] } | { readonly reason: string } {
  if (seedsAlone) return { reason: "a test over seeds alone was asked for" };
  if (field.statistics === undefined) return { reason: "the science declares no influences" };
  const influenceOf = (
    cell: CellOutcome,
  ): { samples: string; influence: Influence } | { reason: string } => {
    const found = evidence.get(cell.id as CellId);
    if (found === undefined) return { reason: "no predictions were read" };
    if ("reason" in found) return found;
    const influence = found.metrics[metric];
    return influence === undefined
      ? { reason: `${metric} has no influence function` }
      : { samples: found.samples, influence };
  };
  const pairs: Pair[] = [];
  for (const { seed, fold, a, b } of matches) {
    const one = influenceOf(a);
    if ("reason" in one) return one;
    const other = influenceOf(b);
    if ("reason" in other) return other;
    if (one.samples !== other.samples) {
      return { reason: "the two sides were tested on different samples" };
    }
    const difference = a.metrics[metric]! - b.metrics[metric]!;
    pairs.push({ seed, fold, difference, a: one.influence, b: other.influence });
  }
  return { pairs };
}
