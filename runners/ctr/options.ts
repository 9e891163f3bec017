import type { JsonSchema } from "../../src/science.js";

const count = (description: string, value: number, maximum = 64): JsonSchema => ({
  type: "integer",
  minimum: 1,
  maximum,
  default: value,
  description,
});

const flag = (description: string, value: boolean): JsonSchema => ({
  type: "boolean",
  default: value,
  description,
});

const block = (name: string, properties: { readonly [key: string]: JsonSchema }): JsonSchema => ({
  type: "object",
  additionalProperties: false,
  default: {},
  description: `Options of ${name}; other backbones ignore them.`,
  properties,
});

const sizes = (description: string, value: readonly number[]): JsonSchema => ({
  type: "array",
  items: { type: "integer", minimum: 1, maximum: 65536 },
  minItems: 1,
  maxItems: 16,
  default: value,
  description,
});

/** Options of each backbone, by its id: the schema of `ctr.<backbone>`. */
export const backboneOptions: { readonly [backbone: string]: JsonSchema } = {
  din: block("DIN", {}),
};
void count;
void flag;
void sizes;
