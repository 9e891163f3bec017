import type { Json } from "../base/json.js";
import type { JsonObject } from "../base/json.js";
import { canonicalJson, isJsonObject } from "../base/json.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { SweepState } from "../journal/index.js";
import type { DatasetInput } from "./answers.js";
import { datasetKey } from "./answers.js";
import type { ArtifactChoice } from "../config/config.js";
import type { ArtifactSource } from "./artifacts.js";
import { sizeOf } from "./artifacts.js";
import { datasetsOf } from "./datasets.js";
import { SMALL } from "./files.js";
import type { SweepViews } from "./summary.js";

/**
 * The settings of a sweep as params of its run: a setting that all cells share with its value, one
 * that varies with the list of its values, in the order of the cells.
 */
export function sweepParams({ cells }: SweepState): ReadonlyMap<string, string> {
  const found = new Map<string, { readonly values: Map<string, Json>; times: number }>();
  for (const { settings } of cells) {
    for (const [path, value] of Object.entries(settings)) {
      const known = found.get(path) ?? { values: new Map<string, Json>(), times: 0 };
      known.values.set(canonicalJson(value), value);
      known.times += 1;
      found.set(path, known);
    }
  }
  return new Map(
    [...found].map(([path, { values, times }]) => {
      const all = [...values.values()];
      const one = all.length === 1 && times === cells.length ? all[0]! : all;
      return [path, typeof one === "string" ? one : JSON.stringify(one)];
    }),
  );
}

/** Metrics that a resolved spec compares by, in order; none where it leaves that open. */
export function comparedMetrics({ compare }: JsonObject): readonly string[] {
  const metrics = isJsonObject(compare) ? compare["metrics"] : undefined;
  return Array.isArray(metrics) ? metrics.map(String) : [];
}

/** Pages and figures of a sweep as files of its run, as far as `tracking.mlflow.artifacts` lets any through. */
export function pageSources(
  pages: SweepViews["pages"],
  choice: ArtifactChoice,
): readonly ArtifactSource[] {
  if (choice === "none") return [];
  let bytes = 0;
  return Object.entries(pages).flatMap(([path, content]) => {
    const source: ArtifactSource =
      typeof content === "string" ? { path, text: content } : { path, bytes: content };
    bytes += sizeOf(source);
    return choice === "small" && bytes > SMALL.run ? [] : [source];
  });
}

/** The data sets that the cells of a sweep stand on, each once. */
export function sweepDatasets(
  { cells, stages }: SweepState,
  folder: (fingerprint: Fingerprint) => string,
): DatasetInput[] {
  const lasts = new Set(cells.map(({ stage }) => stage));
  const found = new Map<string, DatasetInput>();
  for (const last of lasts) {
    for (const input of datasetsOf(stages, last, folder)) {
      const key = datasetKey(input);
      if (!found.has(key)) found.set(key, input);
    }
  }
  return [...found.values()];
}
