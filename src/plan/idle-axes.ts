import type { Fingerprint } from "../base/fingerprint.js";
import { canonicalJson, type Json } from "../base/json.js";
import type { Axis, Cell } from "../spec/index.js";

/** An axis that changes nothing, with its values. */
export interface IdleAxis {
  readonly path: string;
  readonly values: Axis["values"];
}

/**
 * Axes that change nothing: wherever cells differ in the axis alone, they have the same last stage, so
 * that they are the same result under several names. Axes of a group that moves together are looked at
 * together. An axis whose values never stand side by side is not judged.
 *
 * @param stageOf the fingerprint of a cell's last stage
 */
export function idleAxes(
  axes: readonly Axis[],
  cells: readonly Cell[],
  stageOf: (id: Cell["id"]) => Fingerprint,
): IdleAxis[] {
  const groups = new Map<string, Axis[]>();
  for (const axis of axes) {
    const key = axis.zip === null ? axis.path : `group ${axis.zip}`;
    groups.set(key, [...(groups.get(key) ?? []), axis]);
  }
  const numberOf = numbering();
  const crossed = cells
    .filter(({ included }) => !included)
    .map(({ id, axes: values }) => ({
      stage: stageOf(id),
      values: new Map(Object.entries(values).map(([path, value]) => [path, numberOf(value)])),
    }));
  return [...groups.values()].flatMap((group) => {
    const paths = new Set(group.map(({ path }) => path));
    const others = axes.map(({ path }) => path).filter((path) => !paths.has(path));
    /** By the other values: the stage of the cells that have them, and how many have. */
    const beside = new Map<string, { readonly stage: Fingerprint; times: number }>();
    for (const { stage, values } of crossed) {
      const key = others.map((path) => values.get(path) ?? "").join(" ");
      const known = beside.get(key);
      if (known === undefined) beside.set(key, { stage, times: 1 });
      // One place where the axis changes a stage settles it.
      else if (known.stage !== stage) return [];
      else known.times += 1;
    }
    const isIdle = [...beside.values()].some(({ times }) => times > 1);
    return isIdle ? group.map(({ path, values }) => ({ path, values })) : [];
  });
}

/** Gives equal values equal numbers, and different ones different numbers. */
function numbering(): (value: Json) => number {
  const numbers = new Map<string, number>();
  const known = new Map<Json, number>();
  return (value) => {
    let number = known.get(value);
    if (number === undefined) {
      const text = canonicalJson(value);
      number = numbers.get(text) ?? numbers.size;
      numbers.set(text, number);
      known.set(value, number);
    }
    return number;
  };
}
