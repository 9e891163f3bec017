import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { JsonSchema } from "../contract/science.js";
import { aboutTheSweep } from "./engine-fragments.js";
import { settingAt } from "./problem.js";
import type { SpecSchema } from "./schema.js";
import { follow } from "./settings.js";

const MOST_SHOWN = 60;

/** A value as YAML in one line; `[...]` for a long one. */
export function inline(value: Json): string {
  const text = JSON.stringify(value)
    .replaceAll('","', '", "')
    .replace(/,(?=[^ ])/g, ", ")
    .replace(/":(?=[^ ])/g, '": ');
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

/**
 * `; …`: a mapping in a grid, where lists stand under dotted paths: settings of a block, or a range to draw
 * from.
 */
export function toFlatten({ settings }: SpecSchema, where: readonly string[], data: Json): string {
  const isAxis = where[0] === "sweep" && where.length === (where[1] === "grid" ? 3 : 4);
  if (!isAxis || where[1] === "sample" || !isJsonObject(data)) return "";
  const [first] = Object.entries(data);
  if (first === undefined) return "";
  const path = where.at(-1)!;
  const setting = settings.get(path);
  const isBlock = [...settings.keys()].some((other) => other.startsWith(`${path}.`));
  if (path === "seed" || path === "gpu") return "; list its values";
  if (setting !== undefined && !setting.open && !isBlock) {
    return `; list its values, or draw them: sweep.sample: {trials: 10, space: {${path}: {${rangeNames.join(" | ")}: [...]}}}`;
  }
  return `; an axis is a dotted path: ${where.at(-1)!}.${first[0]}: ${inline(first[1])}`;
}

const rangeNames = ["uniform", "log", "integer", "choice"] as const;

/** What other libraries call ranges that values are drawn from. */
const foreignRanges: { readonly [name: string]: (typeof rangeNames)[number] } = {
  ...{ loguniform: "log", log_uniform: "log", reciprocal: "log", logspace: "log" },
  ...{ float: "uniform", quniform: "uniform", range: "integer" },
  ...{ int: "integer", randint: "integer", int_uniform: "integer" },
  ...{ categorical: "choice", values: "choice", grid_search: "choice", choices: "choice" },
};

/** `; did you mean …?`: the name of a range at `where`, by what other libraries call it. */
export function rangeMeant(
  where: readonly string[],
  key: string,
  siblings: readonly string[],
): string {
  const isRange = where[0] === "sweep" && where[1] === "sample" && where.length === 5;
  const name = key.toLowerCase().replaceAll("-", "_");
  const whole = isRange && !siblings.includes("uniform");
  if (whole && ["uniform", "log"].includes(foreignRanges[name] ?? name))
    return `; it is a whole number: write {integer: [...]} or {choice: [...]}`;
  return isRange && Object.hasOwn(foreignRanges, name)
    ? `; did you mean ${foreignRanges[name]!}?`
    : "";
}

/** `; …`: blanks in a key that look like others and do not indent. */
export const oddBlank = (key: string): string => {
  const [found] = /[\u00a0\u2000-\u200f\u202f\u3000\ufeff]/.exec(key) ?? [];
  if (found === undefined) return "";
  const code = found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return `; it holds a character that looks like a blank and is none (U+${code}): write plain blanks`;
};

/** `; did you mean BLOCK.KEY?`: a setting of a block, such as compare, that stands at the top. */
export function inOtherBlock(root: JsonSchema, key: string): string {
  if (key === "defaults" || key === "base") return "; did you mean extends?";
  const blocks = Object.entries(root["properties"] as { [key: string]: JsonSchema })
    .filter(([name]) => aboutTheSweep.has(name))
    .filter(
      ([, block]) => isJsonObject(block["properties"]) && Object.hasOwn(block["properties"], key),
    )
    .map(([name]) => `${name}.${key}`);
  return blocks.length > 0 && blocks.length < 4 ? `; did you mean ${blocks.join(" or ")}?` : "";
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
