import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import { partsOf } from "./dotted.js";
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
