import type { Json, JsonObject } from "../../../src/base/json.js";
import type { JsonSchema } from "../../../src/contract/science.js";

/** The JSON Schema of a setting whose values are of one type. */
export interface SettingSchema<Value extends Json = Json> extends JsonObject {
  readonly default: Value;
  readonly description: string;
}

/** A whole number from 1. */
export function count(description: string, value: number, maximum = 64): SettingSchema<number> {
  return { type: "integer", minimum: 1, maximum, default: value, description };
}

/** Where the values of {@link number} lie. */
interface Range {
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
}

/** A number in a range. */
export function number(description: string, value: number, range: Range): SettingSchema<number> {
  return { type: "number", ...range, default: value, description };
}

/** Sizes of layers, one after another. */
export function sizes(
  description: string,
  value: readonly number[],
): SettingSchema<readonly number[]> {
  return {
    type: "array",
    items: { type: "integer", minimum: 1, maximum: 65536 },
    minItems: 1,
    maxItems: 16,
    default: value,
    description,
  };
}

/** True or false. */
export function flag(description: string, value: boolean): SettingSchema<boolean> {
  return { type: "boolean", default: value, description };
}

/** One of several words, the first of them by default. */
export function choice<const Word extends string>(
  description: string,
  words: readonly [Word, ...Word[]],
): SettingSchema<Word> {
  return { enum: words, default: words[0], description };
}

/** A setting of several forms. */
export function anyOf<Value extends Json>(
  description: string,
  value: Value,
  forms: readonly JsonSchema[],
): SettingSchema<Value> {
  return { anyOf: forms, default: value, description };
}

type SettingSchemas = { readonly [name: string]: SettingSchema };

/** Values of some settings. */
export type ValuesOf<Of extends SettingSchemas> = {
  readonly [Name in keyof Of]: Of[Name]["default"];
};

/** A block of settings. A spec may leave out each of them, and the block. */
export function block<const Of extends SettingSchemas>(
  description: string,
  properties: Of,
): SettingSchema<JsonObject & Partial<ValuesOf<Of>>> {
  return { type: "object", additionalProperties: false, default: {}, description, properties };
}

/** The default of each setting. */
export const defaultsOf = <Of extends SettingSchemas>(settings: Of): ValuesOf<Of> =>
  Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [name, setting.default]),
  ) as ValuesOf<Of>;
