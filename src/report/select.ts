import { groupBy, pick } from "./groups.js";
import type { CellOutcome } from "./outcome.js";
import { mean } from "../statistics/index.js";
import type { Json } from "../base/json.js";

/** Whether a larger (`max`) or a smaller (`min`) value of a metric is better. */
export type Direction = "max" | "min";

/**
 * The direction of a metric, by its name: losses, errors, the usual scores that measure error, and
 * costs are better when they are smaller. All other metrics are better when they are larger.
 */
export const directionOf = (metric: string): Direction =>
  /loss|error|perplexity|(^|[._])(rmse|mse|mae|mape|nll|brier|ece|crps|seconds|cost)$/i.test(metric)
    ? "min"
    : "max";

/** True where `a` is better than `b`. */
export const better = (direction: Direction, a: number, b: number): boolean =>
  direction === "max" ? a > b : a < b;

/** One setting of the axes that `select` tunes away. */
export interface Candidate {
  readonly settings: { readonly [path: string]: Json };
  /** Mean of the metric over seeds; null where a seed is missing, so that it does not compete. */
  readonly score: number | null;
  /** The number of all cells, and of cells that are not finished or lack the metric. */
  readonly cells: number;
  readonly missing: number;
  /** The number of cells that can still finish: they run, wait, or were interrupted. */
  readonly open: number;
}

/** Who won, and against whom. */
export interface Selection {
  /** Settings of the winner; null where no candidate is complete, or one can still become it. */
  readonly winner: { readonly [path: string]: Json } | null;
  readonly candidates: readonly Candidate[];
}

/** True for a cell that can still finish. */
export const isOpenState = (state: string): boolean =>
  state === "running" || state === "waiting" || state === "interrupted";

/**
 * Picks among cells that differ in `over` and in seeds alone: the candidate with the best mean over
 * its seeds. A candidate with a seed missing does not compete (its mean would be another thing). Of
 * equal ones the first in the sweep's order wins. Nothing is picked while a cell can still finish:
 * its candidate might win.
 */
export function selectWinner(
  cells: readonly CellOutcome[],
  over: readonly string[],
  metric: string,
): { readonly selection: Selection; readonly cells: readonly CellOutcome[] } {
  const direction = directionOf(metric);
  const groups = groupBy(cells, over);
  let best: { score: number; index: number } | null = null;
  const candidates = groups.map((group, index): Candidate => {
    const scores = group.cells.flatMap(({ metrics }) => {
      const score = metrics[metric];
      return score !== undefined && Number.isFinite(score) ? [score] : [];
    });
    const missing = group.cells.length - scores.length;
    const score = missing > 0 ? null : mean(scores);
    if (score !== null && (best === null || better(direction, score, best.score))) {
      best = { score, index };
    }
    const settings = pick(group.settings, over);
    const open = group.cells.filter(({ state }) => isOpenState(state)).length;
    return { settings, score, cells: group.cells.length, missing, open };
  });
  const winner = best as { score: number; index: number } | null;
  const open = candidates.some((one) => one.open > 0);
  if (winner === null || open) return { selection: { winner: null, candidates }, cells: [] };
  const { settings } = candidates[winner.index]!;
  return { selection: { winner: settings, candidates }, cells: groups[winner.index]!.cells };
}
