import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { Science } from "../contract/science.js";
import type { FlatSettings } from "../contract/statistics.js";

/** `model.layers` as its parts. */
export const partsOf = (path: string): readonly string[] => path.split(".");

/** True when `outer` is `inner` or a block that holds it. */
export const contains = (outer: string, inner: string): boolean =>
  inner.startsWith(outer) && (inner.length === outer.length || inner[outer.length] === ".");

/** A copy without one key. */
export const omit = (object: JsonObject, key: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([other]) => other !== key));

/** The value at a dotted path, or undefined. */
export function valueAt(settings: Json | undefined, path: string): Json | undefined {
  let value = settings;
  for (const part of partsOf(path)) {
    if (!isJsonObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

/** A copy with the value at `path` replaced as a whole; blocks on the way are made where missing. */
export function withValue(settings: JsonObject, path: string, value: Json): JsonObject {
  const [head = "", ...rest] = partsOf(path);
  if (rest.length === 0) return { ...settings, [head]: value };
  const inner = Object.hasOwn(settings, head) ? settings[head] : undefined;
  const block = isJsonObject(inner) ? inner : {};
  return { ...settings, [head]: withValue(block, rest.join("."), value) };
}

/** A copy without the setting or block at `path`; the same object where there is none. */
export function withoutValue(settings: JsonObject, path: string): JsonObject {
  const [head = "", ...rest] = partsOf(path);
  if (!Object.hasOwn(settings, head)) return settings;
  if (rest.length === 0) return omit(settings, head);
  const inner = settings[head];
  if (!isJsonObject(inner)) return settings;
  const block = withoutValue(inner, rest.join("."));
  return block === inner ? settings : { ...settings, [head]: block };
}

/**
 * Settings of a flat map as they stand in a spec: the other way round than {@link flatSettings}.
 *
 * @param names as there: a block under its name is the block itself again
 */
export function nestedSettings(flat: FlatSettings, names: Science["blockNames"] = {}): JsonObject {
  const paths = Object.keys(flat).filter(
    (path) => names[path] === undefined || flat[`${path}.${names[path]}`] === undefined,
  );
  return paths.reduce<JsonObject>((settings, path) => withValue(settings, path, flat[path]!), {});
}

/**
 * Nested settings as a flat map from dotted path to value. Lists and empty blocks are values;
 * paths come in code-unit order.
 *
 * @param names blocks that also have a value of their own, that of one of their keys: see
 *   `Science.blockNames`
 */
export function flatSettings(
  settings: JsonObject,
  names: Science["blockNames"] = {},
): FlatSettings {
  const found = new Map<string, Json>();
  const visit = (block: JsonObject, prefix: string): void => {
    for (const key of Object.keys(block)) {
      const value = block[key]!;
      const path = prefix === "" ? key : `${prefix}.${key}`;
      if (isJsonObject(value) && Object.keys(value).length > 0) visit(value, path);
      else found.set(path, value);
    }
  };
  visit(settings, "");
  for (const [path, name] of Object.entries(names)) {
    const told = valueAt(settings, `${path}.${name}`);
    if (told !== undefined) found.set(path, told);
  }
  const paths = [...found.keys()];
  const key = paths.join("\n");
  let form = forms.get(key);
  if (form === undefined) {
    form = JSON.parse(
      JSON.stringify(Object.fromEntries(paths.sort().map((path) => [path, 0]))),
    ) as object;
    forms.set(key, form);
  }
  const flat: { [path: string]: Json } = { ...form };
  for (const [path, value] of found) flat[path] = value;
  return flat;
}

/**
 * An object with the right keys in the right order, by the keys as they were found. V8 keeps copies of one object
 * in a fifth of the room that objects take which are built key by key, and a sweep has many cells.
 */
const forms = new Map<string, object>();
