import { canonicalJson, type Json } from "../base/json.js";
import type { FlatSettings } from "../contract/statistics.js";

/** The path of the setting whose values are replicates. */
export const SEED = "seed";

/** A cell as far as this folder looks at it: its resolved settings. */
export interface HasSettings {
  readonly settings: FlatSettings;
}

/** A setting in which cells differ. */
interface Difference {
  readonly path: string;
  /** True where every cell has the setting; false where some cells lack it. */
  readonly everywhere: boolean;
}

/** The one scan of cells: settings that differ or that only some cells have, in the cells' order. */
function differences(cells: readonly HasSettings[]): readonly Difference[] {
  const seen = new Map<string, { readonly first: Json; times: number; varies: boolean }>();
  for (const { settings } of cells) {
    for (const path of Object.keys(settings)) {
      const value = settings[path]!;
      const known = seen.get(path);
      if (known === undefined) seen.set(path, { first: value, times: 1, varies: false });
      else {
        known.times += 1;
        known.varies ||=
          known.first !== value && canonicalJson(known.first) !== canonicalJson(value);
      }
    }
  }
  return [...seen]
    .map(([path, { times, varies }]) => ({ path, varies, everywhere: times === cells.length }))
    .filter(({ varies, everywhere }) => varies || !everywhere);
}

/**
 * Paths of settings in which cells differ, or which only some of them have, in the order in which
 * the cells name them.
 */
export const varyingPaths = (cells: readonly HasSettings[]): string[] =>
  differences(cells).map(({ path }) => path);

/**
 * As few settings as tell cells apart: a setting that every cell has goes before one that only some
 * cells have, an outer setting before an inner one. A setting is kept only where it splits cells
 * that were equal so far. The order of the cells does not matter.
 */
export function tellingPaths(cells: readonly HasSettings[]): string[] {
  const depth = (path: string): number => path.split(".").length;
  const candidates = [...differences(cells)].sort(
    (a, b) =>
      Number(b.everywhere) - Number(a.everywhere) ||
      depth(a.path) - depth(b.path) ||
      (a.path < b.path ? -1 : 1),
  );
  // Cells with equal numbers are not told apart yet.
  let groups: number[] = cells.map(() => 0);
  let count = 1;
  const kept: string[] = [];
  for (const { path } of candidates) {
    if (count === cells.length) break;
    const numbers = new Map<string, number>();
    const split = cells.map(({ settings }, index) => {
      const value = settings[path];
      const key = `${groups[index]} ${value === undefined ? "" : canonicalJson(value)}`;
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      return number;
    });
    if (numbers.size === count) continue;
    [groups, count] = [split, numbers.size];
    kept.push(path);
  }
  return kept;
}
