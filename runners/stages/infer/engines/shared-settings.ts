import type { JsonObject } from "../../../../src/base/json.js";
import { EXTRA } from "../../../base/chat/extra.js";

/*
 * Settings of `knowledge.infer` that several engines read.
 */

export const model: JsonObject = {
  description:
    "Name of the model at the endpoint or server; null: the first that it lists. The actor's name still stands for what it is.",
  type: ["string", "null"],
  minLength: 1,
  default: null,
};

export const api_key_env: JsonObject = {
  description: "Environment variable that holds the endpoint's key; null: it needs none.",
  type: ["string", "null"],
  pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
  default: null,
};

export const cutoff_len: JsonObject = {
  description: "Prompts are cut to so many tokens; engines llamafactory and server.",
  type: "integer",
  minimum: 16,
  default: 2048,
};

export const concurrency: JsonObject = {
  description: "Requests under way at once; engines endpoint and server.",
  type: "integer",
  minimum: 1,
  default: 8,
};

export const timeout_seconds: JsonObject = {
  description:
    "A request that takes longer is given up and tried again; engines endpoint and server.",
  type: "number",
  exclusiveMinimum: 0,
  default: 300,
};

export const retries: JsonObject = {
  description:
    "How often a request is tried again after a fault that may pass; engines endpoint and server.",
  type: "integer",
  minimum: 0,
  default: 6,
};

export const guided: JsonObject = {
  description:
    "Send guided_regex, so that judgements have the form that they are read by, and knowledge begins with the leads of words.yaml; engines endpoint and server (vLLM, or r4ec's own server: command [python, '{serve}', --model, '{model}', --port, '{port}'], adapter_arguments [--adapter, '{adapter}']).",
  type: "boolean",
  default: false,
};

export const gpus: JsonObject = {
  description: "Cards that one stage uses.",
  type: "integer",
  minimum: 1,
  default: 1,
};

export const llamafactory: JsonObject = {
  description:
    "Options of LLaMA-Factory's own, added to its configuration or put in place of r4ec's; engines llamafactory and server.",
  type: "object",
  additionalProperties: true,
  default: {},
};

export const extra: JsonObject = {
  description: `${EXTRA} Engines endpoint and server.`,
  type: "object",
  additionalProperties: true,
  default: {},
};

export const cut_tries: JsonObject = {
  description:
    "How often an answer that was cut at max_new_tokens is asked again, each time with twice the room; engines endpoint and server.",
  type: "integer",
  minimum: 0,
  maximum: 8,
  default: 0,
};
