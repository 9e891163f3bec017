import type { Json } from "../base/json.js";
import type { JsonSchema } from "../contract/science.js";
import type { SpecSchema } from "./schema.js";
import { follow } from "./settings.js";

/** Some value that fits the schema of a top-level key; undefined where none is plain to see. */
export function sampleOf({ root }: SpecSchema, key: string): Json | undefined {
  return sample((root["properties"] as { [key: string]: JsonSchema })[key]!, root);
}

function sample(schema: JsonSchema, root: JsonSchema): Json | undefined {
  const followed = follow(schema, root);
  for (const keyword of ["default", "const"]) {
    if (Object.hasOwn(followed, keyword)) return followed[keyword];
  }
  const fixed = followed["enum"] as readonly Json[] | undefined;
  if (fixed !== undefined) return fixed[0];
  for (const form of (followed["anyOf"] ?? followed["oneOf"] ?? []) as readonly JsonSchema[]) {
    const value = sample(form, root);
    if (value !== undefined) return value;
  }
  if (followed["type"] !== "object") return undefined;
  const properties = (followed["properties"] ?? {}) as { [key: string]: JsonSchema };
  const block: { [key: string]: Json } = {};
  for (const key of (followed["required"] ?? []) as readonly string[]) {
    const value = sample(properties[key] ?? {}, root);
    if (value === undefined) return undefined;
    block[key] = value;
  }
  return block;
}
