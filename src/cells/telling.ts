import type { Json } from "../base/json.js";
import { canonicalJson } from "../base/json.js";

/** The path of the setting whose values are replicates. */
export const SEED = "seed";

type Settings = { readonly settings: { readonly [path: string]: Json } };

/**
 * The settings that tell the cells apart, as few as do: those that every cell has before those that
 * only some have, outer ones before inner ones, each only where it splits what was equal so far.
 */
export function tellingPaths(cells: readonly Settings[]): string[] {
  const seen = new Map<string, { first: string; times: number; varies: boolean }>();
  for (const { settings } of cells) {
    for (const [path, value] of Object.entries(settings)) {
      const text = canonicalJson(value);
      const known = seen.get(path);
      if (known === undefined) seen.set(path, { first: text, times: 1, varies: false });
      else {
        known.times += 1;
        known.varies ||= known.first !== text;
      }
    }
  }
  const partial = (path: string): number => (seen.get(path)!.times < cells.length ? 1 : 0);
  const depth = (path: string): number => path.split(".").length;
  const candidates = [...seen]
    .filter(([, { varies, times }]) => varies || times < cells.length)
    .map(([path]) => path)
    .sort((a, b) => partial(a) - partial(b) || depth(a) - depth(b) || (a < b ? -1 : a > b ? 1 : 0));
  // Cells with equal numbers are not told apart yet.
  let groups: number[] = cells.map(() => 0);
  let count = 1;
  const kept: string[] = [];
  for (const path of candidates) {
    if (count === cells.length) break;
    const numbers = new Map<string, number>();
    const split = cells.map((cell, index) => {
      const key = `${groups[index]} ${JSON.stringify(cell.settings[path])}`;
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      return number;
    });
    if (numbers.size === count) continue;
    [groups, count] = [split, numbers.size];
    kept.push(path);
  }
  // Seeds last: they repeat what stands before them.
  return kept.sort((a, b) => Number(a === SEED) - Number(b === SEED));
}
