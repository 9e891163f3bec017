import { SEED, settingsText } from "../cells/index.js";
import { mean } from "../statistics/index.js";
import { settingsOrAll } from "./labels.js";
import type { ComparedScience } from "./field.js";
import { Field } from "./field.js";
import { groupBy } from "./groups.js";
import type { Comparison } from "./model.js";
import type { CellOutcome } from "./outcome.js";

/** How a metric answers to a setting that was swept over numbers. */
export interface Response {
  readonly path: string;
  /** What the setting is called in names of cells. */
  readonly label: string;
  readonly metric: string;
  /** True where the values span more than one order of magnitude and are all above zero. */
  readonly logarithmic: boolean;
  /** A point for each finished cell. */
  readonly cells: readonly Point[];
  /** A point for each value of the setting that all seeds of a line have finished: their mean. */
  readonly means: readonly Point[];
}

export interface Point {
  readonly row: string;
  readonly variant: string;
  /** Tells the lines of a variant in a row apart: settings that are picked. */
  readonly line: string;
  readonly x: number;
  readonly value: number;
}

/**
 * The responses of a sweep: one for each of its axes whose values are numbers, at least two of them, that
 * is neither the seed nor another replicate. A setting that `select` tunes is shown by the metric that
 * picks, every other one by the first metric that is compared: nobody should tune on the test split.
 *
 * @param cells all cells of the sweep
 */
export function responsesOf(
  comparison: Comparison,
  cells: readonly CellOutcome[],
  science?: ComparedScience,
): readonly Response[] {
  const field = new Field(science);
  const { select, metrics, labels } = comparison;
  const bare = cells.map((cell) => field.bare(cell));
  const axes = Object.keys(labels).filter(
    (path) => path !== SEED && !field.folds.includes(path) && isNumeric(bare, path),
  );
  return axes.flatMap((path): Response[] => {
    const tuned = select?.over.some((axis) => path === axis || path.startsWith(`${axis}.`));
    const metric = tuned === true ? select!.metric : metrics[0]?.metric;
    if (metric === undefined) return [];
    const others = Object.keys(labels).filter(
      (one) => one !== path && one !== SEED && !field.folds.includes(one),
    );
    const points = (settings: CellOutcome["settings"], value: number): Point => ({
      row: settingsOrAll(comparison, settings, without(comparison.rows, path)),
      variant: settingsOrAll(comparison, settings, without(comparison.variants, path)),
      line: settingsText(settings, others, labels),
      x: settings[path] as number,
      value,
    });
    const found: Point[] = [];
    const means: Point[] = [];
    for (const group of groupBy(bare, [...others, path])) {
      if (typeof group.settings[path] !== "number") continue;
      const values = group.cells.flatMap(({ state, metrics: had }) => {
        const value = had[metric];
        return state === "finished" && value !== undefined && Number.isFinite(value) ? [value] : [];
      });
      for (const value of values) found.push(points(group.settings, value));
      if (values.length > 0 && values.length === group.cells.length)
        means.push(points(group.settings, mean(values)));
    }
    const xs = [...new Set(found.map(({ x }) => x))];
    if (xs.length < 2) return [];
    const [low, high] = [Math.min(...xs), Math.max(...xs)];
    const logarithmic = low > 0 && high / low >= 10;
    return [{ path, label: labels[path]!.label, metric, logarithmic, cells: found, means }];
  });
}

const without = (paths: readonly string[], path: string): string[] =>
  paths.filter((one) => one !== path);

/** True where the cells that have the setting have numbers there, at least two. */
function isNumeric(cells: readonly CellOutcome[], path: string): boolean {
  const values = new Set(cells.flatMap(({ settings }) => settings[path] ?? []));
  return values.size > 1 && [...values].every((value) => typeof value === "number");
}
