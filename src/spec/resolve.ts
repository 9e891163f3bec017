import type { Json, JsonObject } from "../base/json.js";
import type { JsonSchema } from "../contract/science.js";
import { defaultOf, withDefaults } from "./defaults.js";
import type { Normaliser } from "./normalise.js";
import type { SpecSchema } from "./schema.js";

/**
 * The spec with shorthand expanded and defaults written out, keys in the schema's order. The sweep
 * stays as it was written. Reading it again gives the same cells.
 */
export function resolve(
  document: JsonObject,
  schema: SpecSchema,
  normaliser: Normaliser,
): JsonObject {
  const properties = schema.root["properties"] as { readonly [key: string]: JsonSchema };
  const resolved: { [key: string]: Json } = {};
  for (const [key, property] of Object.entries(properties)) {
    const written = document[key];
    const value = schema.cellKeys.includes(key)
      ? normaliser.block(key, written, []).value
      : written === undefined
        ? // Nobody chose a baseline, an axis, a claim or a number of tries that is not written.
          ["sweep", "select", "compare", "retries"].includes(key)
          ? undefined
          : defaultOf(property, schema.root)
        : ["resources", "retries", "tracking"].includes(key)
          ? withDefaults(property, written, schema.root)
          : written;
    if (value !== undefined) resolved[key] = value;
  }
  return resolved;
}
