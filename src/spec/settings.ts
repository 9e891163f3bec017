import { isDeepStrictEqual } from "node:util";
import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { JsonSchema } from "../contract/science.js";

/** A setting or a block of settings, as the schema knows it. */
export interface Setting {
  readonly description: string;
  /** References to its schemas: more than one where forms of its block each have one. */
  readonly pointers: readonly string[];
  /** True for a block that takes keys nobody has listed. */
  readonly open: boolean;
}

/** A schema with its `$ref` followed; references are local (`#/...`). */
export function follow(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const reference = schema["$ref"];
  if (typeof reference !== "string") return schema;
  let target: Json | undefined = root;
  for (const part of reference.slice(2).split("/")) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    target = Array.isArray(target)
      ? (target as readonly Json[])[Number(key)]
      : (target as JsonObject | undefined)?.[key];
  }
  if (!isJsonObject(target)) throw new Error(`the schema has no ${reference}`);
  return follow(target, root);
}

/** Every setting below the given top-level keys, by dotted path, blocks before what they hold. */
export function settingsOfSchema(root: JsonSchema, keys: readonly string[]): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  const properties = root["properties"] as { [key: string]: JsonSchema };
  for (const key of keys) visit(root, properties[key]!, `#/properties/${key}`, key, settings);
  return settings;
}

const bare = ({ default: _default, description: _description, ...rest }: JsonSchema): JsonObject =>
  rest;

function visit(
  root: JsonSchema,
  schema: JsonSchema,
  pointer: string,
  path: string,
  settings: Map<string, Setting>,
): void {
  const known = settings.get(path);
  const open = objectForms(schema, pointer).some(
    ([form]) => form["additionalProperties"] !== false && form["type"] === "object",
  );
  // Forms of a block often share a setting; its values are then the same but for the default.
  const repeated = known?.pointers.some((other) =>
    isDeepStrictEqual(bare(follow({ $ref: other }, root)), bare(follow(schema, root))),
  );
  settings.set(path, {
    description: known?.description ?? String(follow(schema, root)["description"] ?? ""),
    pointers: repeated === true ? known!.pointers : [...(known?.pointers ?? []), pointer],
    open: open || known?.open === true,
  });
  for (const [form, at] of objectForms(schema, pointer)) {
    const properties = form["properties"] as { [key: string]: JsonSchema } | undefined;
    for (const [key, inner] of Object.entries(properties ?? {})) {
      visit(root, inner, `${at}/properties/${key}`, `${path}.${key}`, settings);
    }
  }

  /** The schema itself and every schema it is made of, with their places. */
  function objectForms(one: JsonSchema, at: string): readonly (readonly [JsonSchema, string])[] {
    const reference = one["$ref"];
    const forms: (readonly [JsonSchema, string])[] = [[one, at]];
    if (typeof reference === "string") forms.push(...objectForms(follow(one, root), reference));
    for (const keyword of ["anyOf", "oneOf", "allOf"]) {
      for (const [index, inner] of ((one[keyword] ?? []) as readonly JsonSchema[]).entries()) {
        forms.push(...objectForms(inner, `${at}/${keyword}/${index}`));
      }
    }
    return forms;
  }
}
