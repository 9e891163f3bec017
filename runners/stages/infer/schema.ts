import type { JsonSchema } from "../../../src/contract/science.js";
import { engineProperties, engineProperty } from "../../base/stage/engine.js";
import { inferEngines } from "./engines/index.js";

/** `knowledge.infer`. */
export const inferFragment: JsonSchema = {
  description:
    "How the actor and the reflector are run for all users and items. A string is short for {engine: ...}.",
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
          description: "The largest number of tokens in an answer.",
          type: "integer",
          minimum: 1,
          default: 512,
        },
        temperature: {
          description: "Sampling temperature; 0: the most likely token is taken each time.",
          type: "number",
          minimum: 0,
          maximum: 2,
          default: 0,
        },
        top_p: {
          description:
            "Sample from the most likely tokens whose probabilities add up to this share. Only used with a temperature above 0.",
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
