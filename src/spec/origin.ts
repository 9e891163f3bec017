import type { Json } from "../base/json.js";
import { contains, partsOf } from "./dotted.js";
import type { Override } from "./normalise.js";
import type { Places } from "./places.js";
import type { Dimension, Point } from "./sweep.js";

/** What made a cell: one value of every dimension, or an include. */
export type Origin =
  | { readonly kind: "product"; readonly choice: readonly number[] }
  | { readonly kind: "include"; readonly point: Point };

/** The settings that an origin replaces in the base settings, placement among them. */
export function overridesOf(origin: Origin, dimensions: readonly Dimension[]): readonly Override[] {
  if (origin.kind === "include") {
    return Object.entries(origin.point.settings).map(([path, value]) => ({ path, value }));
  }
  return dimensions.flatMap(({ axes }, index) =>
    axes.map((axis) => ({ path: axis.path, value: axis.values[origin.choice[index]!] as Json })),
  );
}

/**
 * Where in the document a cell's setting stands: the axis value or include that set it, else the
 * base settings. May name a place that isn't there, in a block that is.
 */
export function whereOf(
  origin: Origin,
  dimensions: readonly Dimension[],
  path: string,
  places: Places,
): readonly string[] {
  const set: { readonly path: string; readonly where: readonly string[] }[] =
    origin.kind === "include"
      ? Object.keys(origin.point.settings).map((key) => ({
          path: key,
          where: [...origin.point.where, key],
        }))
      : dimensions.flatMap(({ axes }, index) =>
          axes.map((axis) => ({
            path: axis.path,
            where: axis.placeOf(origin.choice[index]!),
          })),
        );
  const around = set.find((one) => contains(one.path, path));
  if (around !== undefined) {
    return [...around.where, ...partsOf(path).slice(partsOf(around.path).length)];
  }
  const base = partsOf(path);
  if (places.has(base)) return base;
  // A finding about a block that only an axis touches.
  return set.find((one) => contains(path, one.path))?.where ?? base;
}
