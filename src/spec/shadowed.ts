import type { CheckContext } from "./check.js";
import { contains } from "./dotted.js";
import { parseOverride } from "./line-override.js";

/**
 * Reports settings of the command line that an axis of the sweep sets in every cell of grid and zip:
 * whoever gives one expects the cells to have it.
 */
export function warnOfAxes({ report, sweep }: CheckContext, overrides: readonly string[]): void {
  const axes = sweep.dimensions.flatMap((dimension) => dimension.axes);
  for (const argument of overrides) {
    const read = parseOverride(argument);
    if (!read.ok || read.value.text === null) continue;
    const path = read.value.path.join(".");
    const axis = axes.find((one) => contains(one.path, path));
    if (axis === undefined) continue;
    const place = axis.where.slice(0, 2).join(".");
    const right =
      place === "sweep.grid"
        ? `; write ${place}.${axis.path}=[...] for other values, or ~${place}.${axis.path} to remove the axis`
        : "";
    const where = read.value.path;
    // Cells of an include have the base settings.
    const [severity, extent] =
      sweep.includes.length === 0
        ? (["error", "every cell"] as const)
        : (["warning", "every cell but those of sweep.include"] as const);
    const message = `${path} has no effect: the axis ${axis.path} in ${place} sets it in ${extent}${right}`;
    report.add(severity, { where, at: "key", message }, path);
  }
}
