import type { JsonObject } from "../base/json.js";
import { canonicalJson, isJsonObject } from "../base/json.js";
import type { CheckContext } from "./check.js";
import { contains, flatSettings, withValue } from "./dotted.js";
import type { FlatSettings } from "../contract/statistics.js";
import type { Axis, Cell, Compare, Select } from "./experiment.js";
import { matcher } from "./match.js";
import type { Normaliser } from "./normalise.js";
import { didYouMean } from "./suggest.js";
import { SAMPLE } from "./sweep.js";

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
  const point = (written: JsonObject, where: readonly string[], none: string): FlatSettings => {
    const flat = flatSettings(
      Object.entries(written).reduce<JsonObject>(
        (settings, [path, value]) => withValue(settings, path, normaliser.setting(path, value)),
        {},
      ),
    );
    if (!context.partial) checkPoint(context, { written, flat, where, none }, select, cells);
    return flat;
  };
  const baseline = isJsonObject(compare.baseline)
    ? point(
        compare.baseline as JsonObject,
        ["compare", "baseline"],
        "no cell has the settings of the baseline, so nothing is compared to it",
      )
    : null;
  const claims = compare.claims?.map((written, index) =>
    point(
      written as JsonObject,
      ["compare", "claims", String(index)],
      "no cell has the settings of this claim",
    ),
  );
  reportRepeated(context, claims ?? []);
  return {
    select,
    compare: {
      baseline,
      metrics: compare.metrics ?? null,
      claims: claims ?? null,
      equivalence: compare.equivalence ?? {},
      test: compare.test ?? "all",
    },
  };
}

function checkSelect({ report }: CheckContext, select: Select, axes: readonly Axis[]): void {
  const paths = axes.map(({ path }) => path);
  for (const [index, path] of select.over.entries()) {
    const where = ["select", "over", String(index)];
    if (path === "seed") {
      const message =
        "seeds are replicates: results are averaged over seeds, so select cannot pick one";
      report.add("error", { where, at: "value", message });
    } else if (!paths.includes(path)) {
      const known =
        paths.length === 0 ? "; the sweep has no axes" : `; its axes are ${paths.join(", ")}`;
      const message = `${path} is no axis of the sweep${didYouMean(path, paths) || known}`;
      report.add("error", { where, at: "value", message });
    }
  }
  const sampled = axes.filter(({ zip }) => zip === SAMPLE).map(({ path }) => path);
  const left = sampled.filter((path) => !select.over.includes(path));
  if (left.length > 0 && left.length < sampled.length) {
    const message = `a trial of sweep.sample is one joint setting, so select picks over all its axes: add ${left.join(", ")}`;
    report.add("error", { where: ["select", "over"], at: "key", message });
  }
  if (select.metric.startsWith("test.")) {
    const message = `picking by ${select.metric} tunes on the test split; use a metric on validation`;
    report.add("warning", { where: ["select", "metric"], at: "value", message });
  }
}

/** Reports claims that say the same as one before, in whatever form. */
function reportRepeated({ report }: CheckContext, claims: readonly FlatSettings[]): void {
  const seen = new Map<string, number>();
  for (const [index, claim] of claims.entries()) {
    const text = canonicalJson(claim);
    const first = seen.get(text);
    if (first === undefined) {
      seen.set(text, index);
      continue;
    }
    const message = `compare.claims[${index}] is the same claim as compare.claims[${first}]; remove one`;
    report.add("error", { where: ["compare", "claims", String(index)], at: "value", message });
  }
}

/** Settings that mark cells in `compare`. */
interface WrittenPoint {
  readonly written: JsonObject;
  readonly flat: FlatSettings;
  readonly where: readonly string[];
  /** The message if no cell has them. */
  readonly none: string;
}

function checkPoint(
  { report }: CheckContext,
  { written, flat, where: block, none }: WrittenPoint,
  select: Select | null,
  cells: readonly Cell[],
): void {
  const what = block[1] === "baseline" ? "the baseline" : "a claim";
  // A short form (`data: small`) was written for a setting of its block (`data.id`).
  const placeOf = (path: string): readonly string[] =>
    Object.keys(written).filter((key) => contains(key, path));
  for (const path of Object.keys(flat)) {
    const where = [...block, ...placeOf(path)];
    if (path === "gpu") {
      const message = `gpu is not a setting of a cell, so it cannot mark ${what === "a claim" ? what : "a baseline"}`;
      report.add("error", { where, at: "key", message });
      return;
    }
    if (select?.over.some((axis) => contains(axis, path) || contains(path, axis)) === true) {
      const message = `${path} is tuned away by select, so it cannot mark ${what}`;
      report.add("error", { where, at: "key", message });
      return;
    }
  }
  const matches = matcher(flat);
  if (!cells.some(({ settings }) => matches(settings))) {
    report.add("warning", { where: block, at: "value", message: none });
  }
}
