/** What JSON can hold. Settings, fingerprints, events and manifests are made of these alone. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** True for a plain JSON object (not null, not an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * JSON with one spelling per value: keys in UTF-16 code-unit order (never by locale), no white
 * space, numbers as ECMAScript prints them (RFC 8785's rules). Properties that are undefined are
 * left out. Throws on NaN, infinities and lone surrogates, which have no canonical form.
 * `memo` keeps the texts of the objects inside, for values that share them and don't change.
 */
export function canonicalJson(value: Json, memo?: WeakMap<object, string>): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`no canonical form for the number ${value}`);
    return JSON.stringify(value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError("no canonical form for a lone surrogate");
    return JSON.stringify(value);
  }
  if (Array.isArray(value))
    return `[${value.map((item: Json) => canonicalJson(item, memo)).join(",")}]`;
  const object = value as JsonObject;
  const known = memo?.get(object);
  if (known !== undefined) return known;
  let text = "";
  // Without a comparison of its own, sort goes by UTF-16 code units.
  for (const key of Object.keys(object).sort()) {
    const inner = object[key];
    if (inner === undefined) continue;
    text += `${text === "" ? "" : ","}${canonicalJson(key)}:${canonicalJson(inner, memo)}`;
  }
  text = `{${text}}`;
  memo?.set(object, text);
  return text;
}

/** The object under a key; empty where it is left out, or is something else. */
export const blockOf = (settings: JsonObject, key: string): JsonObject => {
  const block = settings[key];
  return isJsonObject(block) ? block : {};
};
