import type { JsonSchema } from "../../../../src/contract/science.js";

/** The options of a backbone: the schema of `ctr.<id>`. */
export function options(
  name: string,
  properties: { readonly [key: string]: JsonSchema } = {},
): JsonSchema {
  return {
    type: "object",
    additionalProperties: false,
    default: {},
    description: `Options of ${name}; other backbones ignore them.`,
    properties,
  };
}

/** A whole number from 1. */
export function count(description: string, value: number, maximum = 64): JsonSchema {
  return { type: "integer", minimum: 1, maximum, default: value, description };
}

/** Sizes of layers. */
export function sizes(description: string, value: readonly number[]): JsonSchema {
  return {
    type: "array",
    items: { type: "integer", minimum: 1, maximum: 65536 },
    minItems: 1,
    maxItems: 16,
    default: value,
    description,
  };
}

export function flag(description: string, value: boolean): JsonSchema {
  return { type: "boolean", default: value, description };
}

/** One of several words, the first of them by default. */
export function choice(description: string, words: readonly string[]): JsonSchema {
  return { enum: words, default: words[0]!, description };
}
