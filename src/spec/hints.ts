import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { JsonSchema } from "../contract/science.js";
import { settingAt } from "./problem.js";
import type { SpecSchema } from "./schema.js";
import { follow } from "./settings.js";

const MOST_SHOWN = 60;

/** A value as YAML in one line; `[...]` for a long one. */
function inline(value: Json): string {
  const text = JSON.stringify(value)
    .replaceAll('","', '", "')
    .replace(/,(?=[^ ])/g, ", ");
  if (text.length <= MOST_SHOWN) return text.replace(/"([A-Za-z][\w./-]*)"/g, "$1");
  return Array.isArray(value) ? "[...]" : "{...}";
}

/** `; to vary it, …`: a list that stands where a setting of a cell takes one value. */
export function toVary(schema: SpecSchema, where: readonly string[], data: Json): string {
  const path = settingAt(where);
  if (!Array.isArray(data) || path === null || path !== where.join(".")) return "";
  if (!schema.settings.has(path)) return "";
  return `; to vary it, put it under sweep.grid: ${path}: ${inline(data)}`;
}

/** `; …`: settings of a block that stand nested in a grid, where dotted paths stand. */
export function toFlatten(where: readonly string[], data: Json): string {
  const isAxis = where[0] === "sweep" && where.length === (where[1] === "grid" ? 3 : 4);
  if (!isAxis || where[1] === "sample" || !isJsonObject(data)) return "";
  const [first] = Object.entries(data);
  if (first === undefined) return "";
  return `; an axis is a dotted path: ${where.at(-1)!}.${first[0]}: ${inline(first[1])}`;
}

/** `; write {…}`: the form of a mapping, by the settings that it needs or those that come first. */
export function formOf(schema: JsonSchema, root: JsonSchema): string {
  const block = follow(schema, root);
  const properties = Object.entries((block["properties"] ?? {}) as { [key: string]: JsonSchema });
  // Axes and points list every setting by its path.
  if (properties.some(([key]) => key.includes("."))) return "; write {PATH: VALUE}";
  const needed = (block["required"] ?? []) as readonly string[];
  const told = properties
    .filter(([key]) => needed.length === 0 || needed.includes(key))
    .slice(0, Number(block["maxProperties"] ?? 2))
    .map(([key, property]) => `${key}: ${exampleOf(property, root)}`);
  if (told.length > 0) return `; write {${told.join(", ")}}`;
  return block["properties"] === undefined && block["patternProperties"] === undefined
    ? ""
    : "; write {NAME: VALUE}";
}

function exampleOf(schema: JsonSchema, root: JsonSchema): string {
  const followed = follow(schema, root);
  const value =
    schema["default"] ?? followed["default"] ?? (followed["enum"] as Json[] | undefined)?.[0];
  if (value !== undefined && !isJsonObject(value)) return inline(value);
  const type = followed["type"];
  return type === "array" ? "[...]" : type === "object" ? "{...}" : "...";
}

/** `; …`: an axis that stands straight under `sweep`; null where the key names no setting. */
export function misplacedAxis(
  { settings }: SpecSchema,
  key: string,
  value: Json | undefined,
  meant: string | null,
): string | null {
  const path = settings.has(key) ? key : meant;
  if (path === null || !settings.has(path)) return null;
  if (isJsonObject(value)) {
    const inner = Object.entries(value as JsonObject)[0];
    const axis =
      inner === undefined ? `${path}: [...]` : `${path}.${inner[0]}: ${inline(inner[1])}`;
    return `; axes stand under sweep.grid: grid: {${axis}}`;
  }
  const list = Array.isArray(value) ? value : [value ?? null];
  return `; axes stand under sweep.grid: grid: {${path}: ${inline(list)}}`;
}
