import type { Json, JsonObject } from "../base/json.js";
import { canonicalJson, isJsonObject } from "../base/json.js";
import { axesOf } from "../cells/index.js";
import type { Experiment, FlatSettings, Select } from "../spec/index.js";
import { selectOf } from "../spec/index.js";
import type { CellOutcome } from "./outcome.js";

/** The rules of a comparison. */
export interface CompareRules {
  /** Paths that the sweep varies: of grid, zip groups, sample and includes. */
  readonly axes: readonly string[];
  /** Settings that mark the baseline, by the paths that cells have; null: no baseline. */
  readonly baseline: FlatSettings | null;
  /** Null: the test metrics. */
  readonly metrics: readonly string[] | null;
  readonly select: Select | null;
  /** Settings of the variants that are claims; null: every variant that is no control. */
  readonly claims: readonly FlatSettings[] | null;
  /** By metric, the difference that is too small to matter. */
  readonly equivalence: { readonly [metric: string]: number };
  /** `all`: test units and seeds together where that can be done; `seeds`: seeds alone. */
  readonly test: "all" | "seeds";
}

/** Rules of a spec that has been read. */
export const rulesOfExperiment = (experiment: Experiment): CompareRules => ({
  axes: axesOf(experiment.resolved),
  ...experiment.compare,
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
  const { claims, equivalence } = compare;
  return {
    axes: axesOf(resolved),
    baseline: written === null ? null : expandPoint(written, cells),
    metrics: Array.isArray(metrics) ? metrics.map(String) : null,
    select: selectOf(resolved),
    claims: Array.isArray(claims)
      ? (claims as readonly JsonObject[]).map((claim) => expandPoint(claim, cells))
      : null,
    equivalence: isJsonObject(equivalence)
      ? (equivalence as { readonly [metric: string]: number })
      : {},
    test: compare["test"] === "seeds" ? "seeds" : "all",
  };
}

function expandPoint(written: JsonObject, cells: readonly CellOutcome[]): FlatSettings {
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
