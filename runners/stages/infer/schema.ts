import type { JsonSchema } from "../../../src/contract/science.js";
import { engineProperties, engineProperty } from "../../base/stage/engine.js";
import { inferEngines } from "./engines/index.js";

/** `knowledge.infer`. */
export const inferFragment: JsonSchema = {
  description:
    "How actor and reflector are run over all users and items. A string is short for {engine: ...}.",
  anyOf: [
    {
      description: "Short for {engine: ...}.",
      type: "string",
      enum: inferEngines.map(({ name }) => name),
    },
    {
      description: "The engine and its options.",
      type: "object",
      additionalProperties: false,
      properties: {
        engine: engineProperty(inferEngines, "llamafactory"),
        max_new_tokens: {
          description: "Longest answer, in tokens.",
          type: "integer",
          minimum: 1,
          default: 512,
        },
        temperature: {
          description: "0 takes the likeliest token every time.",
          type: "number",
          minimum: 0,
          maximum: 2,
          default: 0,
        },
        top_p: {
          description:
            "Sample among the likeliest tokens that make up this share; read where temperature is above 0.",
          type: "number",
          exclusiveMinimum: 0,
          maximum: 1,
          default: 1,
        },
        ...engineProperties(inferEngines),
      },
    },
  ],
  default: {},
};
