import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import { partsOf, valueAt } from "./dotted.js";
import type { FlatSettings } from "../contract/statistics.js";

/**
 * A test whether normalised settings have all the settings of `point` (values by dotted path,
 * shorthand expanded). A block matches when it has every setting that the point's block names.
 */
export function matcher(point: FlatSettings): (settings: JsonObject) => boolean {
  const wanted = Object.entries(point).map(([path, value]) => ({ parts: partsOf(path), value }));
  return (settings) =>
    wanted.every(({ parts, value }) => {
      let found: Json | undefined = settings;
      for (const part of parts) {
        if (!isJsonObject(found) || !Object.hasOwn(found, part)) return false;
        found = found[part];
      }
      return has(found, value);
    });
}

/**
 * Finds the points that settings have, as {@link matcher} tells it, in a time that does not grow with the number of
 * points: those that name the same paths, each with a plain value, are looked up together.
 *
 * @param points numbered from 0
 * @returns for normalised settings, the numbers of all points that match
 */
export function finder(
  points: readonly FlatSettings[],
): (settings: JsonObject) => readonly number[] {
  const groups = new Map<string, { paths: readonly string[]; known: Map<string, number[]> }>();
  const others: { readonly matches: (settings: JsonObject) => boolean; readonly at: number }[] = [];
  for (const [at, point] of points.entries()) {
    const plain = plainOf(point);
    if (plain === null) {
      others.push({ matches: matcher(point), at });
      continue;
    }
    const paths = [...plain.keys()].sort();
    const name = JSON.stringify(paths);
    const group = groups.get(name) ?? { paths, known: new Map<string, number[]>() };
    groups.set(name, group);
    const key = JSON.stringify(paths.map((path) => plain.get(path)!));
    const same = group.known.get(key);
    if (same === undefined) group.known.set(key, [at]);
    else same.push(at);
  }
  return (settings) => {
    const found = others.filter(({ matches }) => matches(settings)).map(({ at }) => at);
    for (const { paths, known } of groups.values()) {
      const values = paths.map((path) => valueAt(settings, path));
      if (values.every((value) => value !== undefined && !isList(value)))
        found.push(...(known.get(JSON.stringify(values)) ?? []));
    }
    return found;
  };
}

const isList = (value: Json): boolean => typeof value === "object" && value !== null;

/** The values that a point wants by their whole paths; null where one is a list or an empty block. */
function plainOf(point: FlatSettings): ReadonlyMap<string, Json> | null {
  const plain = new Map<string, Json>();
  const gather = (path: string, value: Json): boolean => {
    if (!isList(value)) return !plain.has(path) && plain.set(path, value).size > 0;
    const inner = isJsonObject(value) ? Object.entries(value) : [];
    return inner.length > 0 && inner.every(([key, one]) => gather(`${path}.${key}`, one));
  };
  return Object.entries(point).every(([path, value]) => gather(path, value)) ? plain : null;
}

function has(found: Json | undefined, wanted: Json): boolean {
  if (found === wanted) return true;
  if (found === undefined) return false;
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length) return false;
    return wanted.every((item: Json, index) => same((found as readonly Json[])[index], item));
  }
  if (!isJsonObject(wanted) || !isJsonObject(found)) return false;
  return Object.entries(wanted).every(
    ([key, value]) => Object.hasOwn(found, key) && has(found[key], value),
  );
}

const same = (a: Json | undefined, b: Json): boolean =>
  isJsonObject(a) && isJsonObject(b)
    ? Object.keys(a).length === Object.keys(b).length && has(a, b)
    : has(a, b);
