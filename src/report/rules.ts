import type { Json, JsonObject } from "../base/json.js";
import { canonicalJson, isJsonObject } from "../base/json.js";
import { axesOf } from "../cells/index.js";
import type { Experiment, FlatSettings, Select } from "../spec/index.js";
import { selectOf } from "../spec/index.js";
import type { CellOutcome } from "./outcome.js";

/** What a comparison goes by. */
export interface CompareRules {
  /** Paths that the sweep varies: of grid, zip groups and includes. */
  readonly axes: readonly string[];
  /** Settings that mark the baseline, by the paths that cells have; null: no baseline. */
  readonly baseline: FlatSettings | null;
  /** Null: the test metrics. */
  readonly metrics: readonly string[] | null;
  readonly select: Select | null;
}

/** Rules of a spec that has been read. */
export const rulesOfExperiment = (experiment: Experiment): CompareRules => ({
  axes: axesOf(experiment.resolved),
  baseline: experiment.compare.baseline,
  metrics: experiment.compare.metrics,
  select: experiment.select,
});

/**
 * Rules out of a resolved spec as the journal keeps it. Its baseline may be in short form
 * (`data: small`): the cells tell which setting is meant.
 */
export function rulesOfResolved(resolved: JsonObject, cells: readonly CellOutcome[]): CompareRules {
  const compare = isJsonObject(resolved["compare"]) ? resolved["compare"] : {};
  const written = isJsonObject(compare["baseline"]) ? compare["baseline"] : null;
  const metrics = compare["metrics"];
  return {
    axes: axesOf(resolved),
    baseline: written === null ? null : expandBaseline(written, cells),
    metrics: Array.isArray(metrics) ? metrics.map(String) : null,
    select: selectOf(resolved),
  };
}

function expandBaseline(written: JsonObject, cells: readonly CellOutcome[]): FlatSettings {
  const flat: { [path: string]: Json } = {};
  for (const [path, value] of Object.entries(written)) {
    if (isJsonObject(value)) {
      for (const [key, inner] of Object.entries(value)) flat[`${path}.${key}`] = inner;
      continue;
    }
    const text = canonicalJson(value);
    const direct = cells.some(({ settings }) => settings[path] !== undefined);
    const leaf = direct
      ? path
      : cells
          .flatMap(({ settings }) => Object.entries(settings))
          .find(([at, one]) => at.startsWith(`${path}.`) && canonicalJson(one) === text)?.[0];
    flat[leaf ?? path] = value;
  }
  return flat;
}
