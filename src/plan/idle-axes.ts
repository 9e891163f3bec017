import type { Fingerprint } from "../base/fingerprint.js";
import { canonicalJson } from "../base/json.js";
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
  return [...groups.values()].flatMap((group) => {
    const paths = new Set(group.map(({ path }) => path));
    const beside = new Map<string, Set<Fingerprint>>();
    const times = new Map<string, number>();
    for (const cell of cells) {
      if (cell.included) continue;
      const others = Object.entries(cell.axes).filter(([path]) => !paths.has(path));
      const key = canonicalJson(Object.fromEntries(others));
      beside.set(key, (beside.get(key) ?? new Set()).add(stageOf(cell.id)));
      times.set(key, (times.get(key) ?? 0) + 1);
    }
    const compared = [...beside].filter(([key]) => times.get(key)! > 1);
    const isIdle = compared.length > 0 && compared.every(([, stages]) => stages.size === 1);
    return isIdle ? group.map(({ path, values }) => ({ path, values })) : [];
  });
}
