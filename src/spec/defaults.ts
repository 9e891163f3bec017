import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { JsonSchema } from "../contract/science.js";
import { agrees } from "./forms.js";
import { follow } from "./settings.js";

/**
 * The value with every missing setting that has a default filled in, at any depth. A block that is
 * missing is made when it needs nothing and its settings have defaults.
 */
export function withDefaults(schema: JsonSchema, value: Json, root: JsonSchema): Json {
  const followed = follow(schema, root);
  if (Array.isArray(value)) {
    const items = followed["items"];
    if (!isJsonObject(items)) return value;
    return value.map((item: Json) => withDefaults(items, item, root));
  }
  if (!isJsonObject(value)) return value;
  const filled: { [key: string]: Json } = { ...value };
  for (const form of blockForms(followed, value, root)) {
    const properties = (form["properties"] ?? {}) as { [key: string]: JsonSchema };
    for (const [key, property] of Object.entries(properties)) {
      const written = Object.hasOwn(filled, key) ? filled[key] : undefined;
      const full =
        written === undefined ? defaultOf(property, root) : withDefaults(property, written, root);
      if (full !== undefined) filled[key] = full;
    }
  }
  return filled;
}

/** What a missing setting becomes; undefined: it stays away. */
export function defaultOf(schema: JsonSchema, root: JsonSchema): Json | undefined {
  const followed = follow(schema, root);
  const written = schema["default"] ?? followed["default"];
  if (written !== undefined) return withDefaults(schema, written, root);
  const forms = blockForms(followed, {}, root).filter((form) => form["properties"] !== undefined);
  if (forms.length === 0) return undefined;
  if (forms.some((form) => ((form["required"] ?? []) as readonly Json[]).length > 0))
    return undefined;
  const block = withDefaults(schema, {}, root) as JsonObject;
  return Object.keys(block).length > 0 ? block : undefined;
}

/** The schemas whose properties a block has: of several forms, the one whose fixed keys agree. */
function blockForms(
  schema: JsonSchema,
  value: JsonObject,
  root: JsonSchema,
): readonly JsonSchema[] {
  const forms: JsonSchema[] = [schema];
  for (const part of (schema["allOf"] ?? []) as readonly JsonSchema[]) {
    forms.push(...blockForms(follow(part, root), value, root));
  }
  const either = ((schema["anyOf"] ?? schema["oneOf"] ?? []) as readonly JsonSchema[])
    .map((form) => follow(form, root))
    .filter((form) => form["type"] === "object" || form["properties"] !== undefined);
  const meant = either.find((form) => agrees(form, value, root)) ?? either.at(-1);
  if (meant !== undefined) forms.push(...blockForms(meant, value, root));
  return forms;
}
