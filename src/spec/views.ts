import type { JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { CheckContext } from "./check.js";
import { contains, flatSettings, withValue } from "./dotted.js";
import type { Axis, Cell, Compare, FlatSettings, Select } from "./experiment.js";
import { matcher } from "./match.js";
import type { Normaliser } from "./normalise.js";
import { didYouMean } from "./suggest.js";

/** Reads `select` and `compare`, which must speak of axes and settings that the cells have. */
export function readViews(
  context: CheckContext,
  document: JsonObject,
  axes: readonly Axis[],
  cells: readonly Cell[],
  normaliser: Normaliser,
): { readonly select: Select | null; readonly compare: Compare } {
  const select = (document["select"] ?? null) as Select | null;
  if (select !== null && !context.partial) checkSelect(context, select, axes);
  const compare = (document["compare"] ?? {}) as Partial<Compare>;
  const written = (isJsonObject(compare.baseline) ? compare.baseline : null) as JsonObject | null;
  const baseline =
    written === null
      ? null
      : flatSettings(
          Object.entries(written).reduce<JsonObject>(
            (point, [path, value]) => withValue(point, path, normaliser.setting(path, value)),
            {},
          ),
        );
  if (written !== null && baseline !== null && !context.partial) {
    checkBaseline(context, written, baseline, select, cells);
  }
  return { select, compare: { baseline, metrics: compare.metrics ?? null } };
}

function checkSelect({ report }: CheckContext, select: Select, axes: readonly Axis[]): void {
  const paths = axes.map(({ path }) => path);
  for (const [index, path] of select.over.entries()) {
    const where = ["select", "over", String(index)];
    if (path === "seed") {
      const message = "seeds are replicates: results are averaged over them, never picked";
      report.add("error", { where, at: "value", message });
    } else if (!paths.includes(path)) {
      const known =
        paths.length === 0 ? "; the sweep has no axes" : `; its axes are ${paths.join(", ")}`;
      const message = `${path} is no axis of the sweep${didYouMean(path, paths) || known}`;
      report.add("error", { where, at: "value", message });
    }
  }
  if (select.metric.startsWith("test.")) {
    const message = `picking by ${select.metric} tunes on the test split; use a metric on validation`;
    report.add("warning", { where: ["select", "metric"], at: "value", message });
  }
}

function checkBaseline(
  { report }: CheckContext,
  written: JsonObject,
  baseline: FlatSettings,
  select: Select | null,
  cells: readonly Cell[],
): void {
  // A short form (`data: small`) was written for a setting of its block (`data.id`).
  const placeOf = (path: string): readonly string[] =>
    Object.keys(written).filter((key) => contains(key, path));
  for (const path of Object.keys(baseline)) {
    const where = ["compare", "baseline", ...placeOf(path)];
    if (path === "gpu") {
      report.add("error", {
        where,
        at: "key",
        message: "gpu is placement: it cannot mark a baseline",
      });
      return;
    }
    if (select?.over.some((axis) => contains(axis, path) || contains(path, axis)) === true) {
      const message = `${path} is tuned away by select, so it cannot mark the baseline`;
      report.add("error", { where, at: "key", message });
      return;
    }
  }
  const matches = matcher(baseline);
  if (!cells.some(({ settings }) => matches(settings))) {
    const message = "no cell has the settings of the baseline, so nothing is compared to it";
    report.add("warning", { where: ["compare", "baseline"], at: "value", message });
  }
}
