import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { HasSettings } from "./telling.js";
import { SEED, tellingPaths, varyingPaths } from "./telling.js";

/** Paths that a sweep varies (of grid, zip groups, sample and includes), in the order of the cells. */
export function axesOf(resolved: JsonObject): string[] {
  const sweep = isJsonObject(resolved["sweep"]) ? resolved["sweep"] : {};
  const blocks: Json[] = [sweep["grid"] ?? null];
  const { zip, sample, include } = sweep;
  if (Array.isArray(zip)) blocks.push(...(zip as Json[]));
  if (isJsonObject(sample)) blocks.push(sample["space"] ?? null);
  if (Array.isArray(include)) blocks.push(...(include as Json[]));
  const paths = new Set<string>();
  for (const block of blocks) {
    if (isJsonObject(block)) for (const path of Object.keys(block)) paths.add(path);
  }
  paths.delete("gpu");
  return [...paths];
}

/** A setting that tells cells apart, and the axis that sets it. */
export interface NamePath {
  readonly path: string;
  readonly axis: string;
}

/** True where a flat setting belongs to an axis, which may name a whole block of settings. */
export const isOf = (path: string, axis: string): boolean =>
  path === axis || path.startsWith(`${axis}.`);

/**
 * The settings that tell cells apart: those of the axes that vary and no others, in the order of the
 * axes, seeds last. An axis that names a whole block (`model`) counts by as few settings of the
 * block as tell its values apart. A setting that two axes set belongs to the inner one.
 *
 * @param axes paths that the sweep varies, in the order of the spec
 */
export function namePaths(cells: readonly HasSettings[], axes: readonly string[]): NamePath[] {
  const owned = new Map<string, string[]>(axes.map((axis) => [axis, []]));
  for (const path of varyingPaths(cells)) {
    const owners = axes.filter((axis) => isOf(path, axis));
    const axis = owners.reduce((a, b) => (b.length > a.length ? b : a), owners[0] ?? "");
    owned.get(axis)?.push(path);
  }
  const found = [...owned].flatMap(([axis, paths]) =>
    (paths.length < 2 ? paths : tellingPaths(only(cells, paths))).map((path) => ({ path, axis })),
  );
  return found.sort((a, b) => Number(a.path === SEED) - Number(b.path === SEED));
}

const only = (cells: readonly HasSettings[], paths: readonly string[]): HasSettings[] =>
  cells.map(({ settings }) => ({
    settings: Object.fromEntries(
      paths.filter((path) => settings[path] !== undefined).map((path) => [path, settings[path]!]),
    ),
  }));
