import type { Expansion } from "./cells.js";
import type { CheckContext } from "./check.js";
import { contains, partsOf } from "./dotted.js";

/** Warnings and hints about parts of the spec that have no effect. */
export function remark(context: CheckContext, expansion: Expansion): void {
  const { report, sweep } = context;
  const { cells, made, repeated, idleExcludes, wrong } = expansion;
  remarkIdle(context, expansion);
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

/** Hints about settings in the spec that have no effect, in all cells or in some. */
function remarkIdle({ report, places, sweep }: CheckContext, expansion: Expansion): void {
  const axes = sweep.dimensions.flatMap((dimension) => dimension.axes);
  for (const { path, because, cells, crossed } of expansion.idle) {
    const all = cells === expansion.considered;
    const some =
      crossed === expansion.crossed ? "" : ` in ${crossed} of ${expansion.crossed} cells`;
    const say = (where: readonly string[], setting: string, extent = ""): void => {
      const message = `${setting} has no effect${extent}: ${because}`;
      report.add("hint", { where, at: "key", message }, setting);
    };
    const base = partsOf(path);
    // A base setting that some variants read is meant for those.
    if (all && places.has(base)) say(base, path);
    for (const axis of axes) {
      if (crossed > 0 && contains(path, axis.path)) say(axis.where, axis.path, some);
    }
    for (const { settings, where } of all ? sweep.includes : []) {
      for (const setting of Object.keys(settings)) {
        if (contains(path, setting)) say([...where, setting], setting);
      }
    }
  }
}
