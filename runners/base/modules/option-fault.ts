import type * as AjvPackage from "ajv/dist/2020.js";
import { lazily } from "../../../src/base/lazily.js";
import { isJsonObject, type JsonObject } from "../../../src/base/json.js";

const ajvPackage = lazily<typeof AjvPackage>("ajv/dist/2020.js");

/**
 * Why a module's options cannot be settings, as the end of a sentence about the module; null: they can.
 *
 * @param what the module exports: `backbone`
 */
export function faultOfOptions(what: string, options: JsonObject): string | null {
  const { type, properties } = options;
  if (type !== undefined && type !== "object") {
    return `exports a ${what} whose options are of type ${JSON.stringify(type)}: they must be a JSON Schema of an object`;
  }
  if (properties !== undefined && !isJsonObject(properties)) {
    return `exports a ${what} whose options have properties that are no mapping`;
  }
  const ajv = new (ajvPackage().Ajv2020)({
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
  });
  try {
    ajv.compile({ ...options, type: "object" });
  } catch (error) {
    return `exports a ${what} whose options are not a JSON Schema: ${(error as Error).message}`;
  }
  for (const [name, schema] of Object.entries(properties ?? {})) {
    if (!isJsonObject(schema) || schema["default"] === undefined) continue;
    const { default: value } = schema;
    if (!ajv.compile(schema)(value)) {
      return `exports a ${what} whose option ${name} has the default ${JSON.stringify(value)}, which does not fit its own schema`;
    }
  }
  return null;
}
