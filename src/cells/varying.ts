import { canonicalJson, type Json } from "../base/json.js";

/**
 * Paths of settings in which cells differ, or which only some of them have, in the order in which
 * the cells name them.
 */
export function varyingPaths(
  cells: readonly { readonly settings: { readonly [path: string]: Json } }[],
): string[] {
  const seen = new Map<string, { text: string; count: number; varies: boolean }>();
  for (const { settings } of cells) {
    for (const [path, value] of Object.entries(settings)) {
      const text = canonicalJson(value);
      const known = seen.get(path);
      if (known === undefined) seen.set(path, { text, count: 1, varies: false });
      else {
        known.count += 1;
        known.varies ||= known.text !== text;
      }
    }
  }
  return [...seen]
    .filter(([, { varies, count }]) => varies || count < cells.length)
    .map(([path]) => path);
}
