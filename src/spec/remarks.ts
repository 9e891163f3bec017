import type { Json, JsonObject } from "../base/json.js";
import { canonicalJson } from "../base/json.js";
import type { Expansion } from "./cells.js";
import type { CheckContext } from "./check.js";
import { contains, partsOf, valueAt, withoutValue } from "./dotted.js";
import type { Normaliser, Override } from "./normalise.js";

/**
 * Says what of the spec has no effect. A setting that asks for something and that no cell reads is an
 * error; one that is read in some cells only, or that stands at its default, is worth a hint.
 *
 * @param base the base settings
 */
export function remark(
  context: CheckContext,
  expansion: Expansion,
  base: JsonObject,
  normaliser: Normaliser,
): void {
  const { report, sweep } = context;
  const { cells, made, repeated, idleExcludes, wrong } = expansion;
  remarkIdle(context, expansion, (path, overrides) => asksFor(base, normaliser, path, overrides));
  for (const { where } of idleExcludes) {
    report.add(
      "warning",
      { where, at: "value", message: "this exclude matches no cell" },
      undefined,
    );
  }
  for (const { where } of repeated) {
    const message = "this include equals a cell that is already there; it is run once";
    report.add("hint", { where, at: "value", message });
  }
  const merged = made - cells.length - repeated.length;
  if (merged > 0) {
    const message = `${made} cells are ${cells.length} different ones: some settings that differ have no effect; equal cells are run once`;
    report.add("hint", { where: ["sweep"], at: "key", message });
  }
  if (cells.length === 0 && wrong.length === 0) {
    const message = `exclude leaves none of the ${sweep.product} cells`;
    report.add("error", { where: ["sweep", "exclude"], at: "key", message });
  }
}

/** True where a setting of the spec differs from what would stand there if the spec left it out. */
function asksFor(
  base: JsonObject,
  normaliser: Normaliser,
  path: string,
  overrides: readonly Override[],
): boolean {
  const key = partsOf(path)[0]!;
  const block = normaliser.block(key, base[key], overrides).value;
  const full: JsonObject = block === undefined ? {} : { [key]: block };
  const left = withoutValue(full, path)[key];
  const without = normaliser.block(key, left, []).value;
  const told = (value: Json | undefined): string =>
    canonicalJson(valueAt(value === undefined ? {} : { [key]: value }, path) ?? null);
  return told(block) !== told(without);
}

/** Settings in the spec that have no effect, in all cells or in some. */
function remarkIdle(
  { report, places, sweep }: CheckContext,
  expansion: Expansion,
  asks: (path: string, overrides: readonly Override[]) => boolean,
): void {
  const axes = sweep.dimensions.flatMap((dimension) => dimension.axes);
  for (const { path, because, cells, crossed } of expansion.idle) {
    const all = cells === expansion.considered;
    const some =
      crossed === expansion.crossed ? "" : ` in ${crossed} of ${expansion.crossed} cells`;
    const say = (where: readonly string[], setting: string, wanted: boolean, extent = ""): void => {
      const severity = wanted ? "error" : "hint";
      const advice = wanted ? "; remove it" : "";
      const message = `${setting} has no effect${extent}: ${because}${advice}`;
      report.add(severity, { where, at: "key", message }, setting);
    };
    const base = partsOf(path);
    // A base setting that some variants read is meant for those.
    if (all && places.has(base)) say(base, path, asks(path, []));
    for (const axis of axes) {
      if (crossed === 0 || !contains(path, axis.path)) continue;
      const wanted = axis.values.some((value) => asks(axis.path, [{ path: axis.path, value }]));
      say(axis.where, axis.path, all && wanted, some);
    }
    for (const { settings, where } of all ? sweep.includes : []) {
      for (const [setting, value] of Object.entries(settings)) {
        if (!contains(path, setting)) continue;
        say([...where, setting], setting, asks(setting, [{ path: setting, value }]));
      }
    }
  }
}
