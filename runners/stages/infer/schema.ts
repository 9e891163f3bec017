import type { JsonSchema } from "../../../src/contract/science.js";

/** What runs a fine-tuned (or base) model over all prompts. */
export type InferEngine = "llamafactory" | "endpoint" | "server";

/** The server that is started where the spec names no command of its own. */
export const DEFAULT_SERVER: readonly string[] = ["llamafactory-cli", "api", "{config}"];

/** `knowledge.infer`. */
export const inferFragment: JsonSchema = {
  description:
    "How actor and reflector are run over all users and items. A string is short for {engine: ...}.",
  anyOf: [
    {
      description: "Short for {engine: ...}.",
      type: "string",
      enum: ["llamafactory", "endpoint", "server"],
    },
    {
      description: "The engine and its options.",
      type: "object",
      additionalProperties: false,
      properties: {
        engine: {
          description:
            "llamafactory: LLaMA-Factory's batch prediction; endpoint: an OpenAI-compatible endpoint that is already there (variant kar only: it cannot serve what a sweep fine-tunes); server: a server that r4ec starts by `command` and stops.",
          type: "string",
          enum: ["llamafactory", "endpoint", "server"],
          default: "llamafactory",
        },
        base_url: {
          description: "Address of the endpoint, up to and including /v1; engine endpoint.",
          type: ["string", "null"],
          pattern: "^https?://",
          default: null,
        },
        model: {
          description:
            "Name of the model at the endpoint or server; null: the first that it lists. The actor's name still stands for what it is.",
          type: ["string", "null"],
          minLength: 1,
          default: null,
        },
        api_key_env: {
          description: "Environment variable that holds the endpoint's key; null: it needs none.",
          type: ["string", "null"],
          pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
          default: null,
        },
        command: {
          description:
            "Program and arguments of the server. {model}, {adapter}, {port}, {config} (a LLaMA-Factory configuration) and {serve} (the small server that comes with r4ec) are filled in; an argument list that names {adapter} goes in adapter_arguments.",
          type: "array",
          items: { description: "An argument.", type: "string" },
          minItems: 1,
          default: [...DEFAULT_SERVER],
        },
        adapter_arguments: {
          description:
            "Arguments added where an adapter has been fine-tuned, such as [--enable-lora, --lora-modules, 'r4ec={adapter}'] for vLLM (with model: r4ec).",
          type: "array",
          items: { description: "An argument.", type: "string" },
          default: [],
        },
        start_timeout_seconds: {
          description: "How long the server may take until it answers; engine server.",
          type: "number",
          exclusiveMinimum: 0,
          default: 900,
        },
        max_new_tokens: {
          description: "Longest answer, in tokens.",
          type: "integer",
          minimum: 1,
          default: 512,
        },
        cutoff_len: {
          description: "Prompts are cut to so many tokens; engines llamafactory and server.",
          type: "integer",
          minimum: 16,
          default: 2048,
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
        batch_size: {
          description: "Prompts answered at once on one device; engine llamafactory.",
          type: "integer",
          minimum: 1,
          default: 8,
        },
        concurrency: {
          description: "Requests under way at once; engines endpoint and server.",
          type: "integer",
          minimum: 1,
          default: 8,
        },
        timeout_seconds: {
          description:
            "A request that takes longer is given up and tried again; engines endpoint and server.",
          type: "number",
          exclusiveMinimum: 0,
          default: 300,
        },
        retries: {
          description:
            "How often a request is tried again after a fault that may pass; engines endpoint and server.",
          type: "integer",
          minimum: 0,
          default: 6,
        },
        guided: {
          description:
            "Send guided_regex, so that judgements have the form that they are read by, and knowledge begins with the leads of words.yaml; engines endpoint and server (vLLM, or r4ec's own server: command [python, '{serve}', --model, '{model}', --port, '{port}'], adapter_arguments [--adapter, '{adapter}']).",
          type: "boolean",
          default: false,
        },
        gpus: {
          description: "Cards that one stage uses.",
          type: "integer",
          minimum: 1,
          default: 1,
        },
        llamafactory: {
          description:
            "Options of LLaMA-Factory's own, added to its configuration or put in place of r4ec's; engines llamafactory and server.",
          type: "object",
          additionalProperties: true,
          default: {},
        },
      },
    },
  ],
  default: {},
};
