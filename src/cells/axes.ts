import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";

/** Paths that a sweep varies (of grid, zip groups and includes), in the order of the resolved spec. */
export function axesOf(resolved: JsonObject): string[] {
  const sweep = isJsonObject(resolved["sweep"]) ? resolved["sweep"] : {};
  const blocks: Json[] = [sweep["grid"] ?? null];
  for (const key of ["zip", "include"]) {
    const list = sweep[key];
    if (Array.isArray(list)) blocks.push(...(list as Json[]));
  }
  const paths = new Set<string>();
  for (const block of blocks) {
    if (isJsonObject(block)) for (const path of Object.keys(block)) paths.add(path);
  }
  paths.delete("gpu");
  return [...paths];
}
