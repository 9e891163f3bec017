import { Ajv2020 } from "ajv/dist/2020.js";
import { isJsonObject, type JsonObject } from "../../../../src/base/json.js";

/** Why a module's options cannot be settings, as the end of a sentence about the module; null: they can. */
export function faultOfOptions(options: JsonObject): string | null {
  const { type, properties } = options;
  if (type !== undefined && type !== "object") {
    return `exports a backbone whose options are of type ${JSON.stringify(type)}: they must be a JSON Schema of an object`;
  }
  if (properties !== undefined && !isJsonObject(properties)) {
    return "exports a backbone whose options have properties that are no mapping";
  }
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false });
  try {
    ajv.compile({ ...options, type: "object" });
  } catch (error) {
    return `exports a backbone whose options are not a JSON Schema: ${(error as Error).message}`;
  }
  for (const [name, schema] of Object.entries(properties ?? {})) {
    if (!isJsonObject(schema) || schema["default"] === undefined) continue;
    const { default: value } = schema;
    if (!ajv.compile(schema)(value)) {
      return `exports a backbone whose option ${name} has the default ${JSON.stringify(value)}, which does not fit its own schema`;
    }
  }
  return null;
}
