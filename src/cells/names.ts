import type { CellId, Fingerprint } from "../base/fingerprint.js";
import type { Json } from "../base/json.js";
import type { CellRecord, StageRecord } from "../contract/records.js";
import { SEED, tellingPaths } from "./telling.js";
import { varyingPaths } from "./varying.js";

/** A setting's value for people. */
export const valueText = (value: Json | undefined): string =>
  value === undefined ? "-" : typeof value === "string" ? value : JSON.stringify(value);

/**
 * The one name of each cell, in every view: the values of the axes that vary and nothing else, in
 * the order of the spec, seeds last (`small fast seed=1`). Where the axes leave two cells alike,
 * settings that tell them apart follow.
 *
 * @param axes paths that the sweep varies, in order; an axis may be a whole block of settings
 */
export function cellNames(
  cells: readonly CellRecord[],
  axes: readonly string[],
): ReadonlyMap<CellId, string> {
  const varying = new Set(varyingPaths(cells));
  const telling = tellingPaths(cells);
  const ofAxes = axes.flatMap((axis) =>
    varying.has(axis) ? [axis] : telling.filter((path) => path.startsWith(`${axis}.`)),
  );
  const paths = [...new Set([...ofAxes, ...(varying.has(SEED) ? [SEED] : [])])].sort(
    (a, b) => Number(a === SEED) - Number(b === SEED),
  );
  const names = named(cells, paths);
  if (new Set(names.values()).size === cells.length) return names;
  return named(cells, [...new Set([...paths, ...telling])]);
}

function named(cells: readonly CellRecord[], paths: readonly string[]): Map<CellId, string> {
  return new Map(
    cells.map((cell) => {
      const parts = paths.flatMap((path) => {
        const value = cell.settings[path];
        if (value === undefined) return [];
        return [
          typeof value === "string" ? value : `${path.split(".").at(-1)}=${valueText(value)}`,
        ];
      });
      return [cell.id, parts.length === 0 ? cell.id : parts.join(" ")];
    }),
  );
}

/**
 * How stages are called in progress, status and plan: the last stage of a cell by the cell's name
 * (of several cells, by the first one's), every other stage by its label.
 */
export function stageNames(
  cells: readonly CellRecord[],
  axes: readonly string[],
  recordOf: (stage: Fingerprint) => StageRecord,
): ReadonlyMap<Fingerprint, string> {
  const names = cellNames(cells, axes);
  const called = new Map<Fingerprint, string>();
  for (const { id, stage } of cells) {
    if (called.has(stage)) continue;
    const name = names.get(id)!;
    called.set(stage, name === id ? recordOf(stage).label : `${recordOf(stage).runner} ${name}`);
  }
  return called;
}
