import { isJsonObject, type JsonObject } from "../../../src/base/json.js";
import type { JsonSchema } from "../../../src/contract/science.js";

/** What a module says of itself and its options. */
interface WithOptions {
  readonly id: string;
  /** JSON Schema of an object. */
  readonly options: JsonObject;
}

/** Schema of a module's options: an object that takes nothing but what it names. */
export function optionsOf({ id, options }: WithOptions, description: string): JsonSchema {
  const properties = isJsonObject(options["properties"]) ? options["properties"] : {};
  const described = Object.entries(properties).map(([name, schema]) => [
    name,
    { description: `The option ${name} of ${id}.`, ...(schema as JsonObject) },
  ]);
  return {
    description,
    additionalProperties: false,
    ...options,
    type: "object",
    default: {},
    properties: Object.fromEntries(described) as JsonObject,
  };
}

/** The default of each option that has one. */
export function optionDefaults({ options }: Pick<WithOptions, "options">): JsonObject {
  const properties = isJsonObject(options["properties"]) ? options["properties"] : {};
  const entries = Object.entries(properties).flatMap(([name, schema]) => {
    const value = isJsonObject(schema) ? schema["default"] : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}
