import type { JsonObject } from "../../../../src/base/json.js";
import { EXTRA } from "../../../base/chat/extra.js";
import { PRICES } from "../../../base/chat/prices.js";
import { gpusSetting } from "../../../base/stage/gpus.js";

/*
 * Settings of `knowledge.infer` that several engines read.
 */

export const model: JsonObject = {
  description:
    "The name that the endpoint or server gives the model; null: the first model that it lists. The stage's fingerprint uses the actor's or reflector's name, not this one.",
  type: ["string", "null"],
  minLength: 1,
  default: null,
};

export const api_key_env: JsonObject = {
  description: "Environment variable that holds the endpoint's key; null: no key is sent.",
  type: ["string", "null"],
  pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
  default: null,
};

export const cutoff_len: JsonObject = {
  description:
    "Prompts that are longer than this many tokens are cut; engines llamafactory and server.",
  type: "integer",
  minimum: 16,
  default: 2048,
};

const concurrency: JsonObject = {
  description:
    "The number of requests that run at the same time; every engine but llamafactory. Engines r4ec and vllm are asked at least 256 at a time on a GPU.",
  type: "integer",
  minimum: 1,
  default: 8,
};

export const start_timeout_seconds: JsonObject = {
  description:
    "Seconds that a server may take until it answers for the first time; engines server, r4ec and vllm.",
  type: "number",
  exclusiveMinimum: 0,
  default: 900,
};

export const serverArguments: JsonObject = {
  description:
    "Further arguments of the server, such as ['--max-model-len', '8192'] for vLLM; engines r4ec and vllm.",
  type: "array",
  items: { description: "An argument.", type: "string" },
  default: [],
};

const timeout_seconds: JsonObject = {
  description:
    "Seconds after which r4ec gives a request up and sends it again; every engine but llamafactory.",
  type: "number",
  exclusiveMinimum: 0,
  default: 300,
};

const retries: JsonObject = {
  description:
    "How many times a request is sent again after a temporary failure; every engine but llamafactory.",
  type: "integer",
  minimum: 0,
  default: 6,
};

const guided: JsonObject = {
  description:
    "Send guided_regex with each request, so that judgements have a form that r4ec can read, and knowledge begins with the opening words of words.yaml; vLLM and r4ec's own server can do that; every engine but llamafactory.",
  type: "boolean",
  default: false,
};

export const prices: JsonObject = {
  ...PRICES,
  description: `${PRICES.description} Engine endpoint.`,
};

export const gpus: JsonObject = gpusSetting("one stage");

export const llamafactory: JsonObject = {
  description:
    "LLaMA-Factory's own options. They are added to its configuration, and replace the options that r4ec sets; engines llamafactory and server.",
  type: "object",
  additionalProperties: true,
  default: {},
};

const extra: JsonObject = {
  description: `${EXTRA} Every engine but llamafactory.`,
  type: "object",
  additionalProperties: true,
  default: {},
};

const cut_tries: JsonObject = {
  description:
    "How often an answer that was cut at max_new_tokens is asked again, each time with twice the room; every engine but llamafactory.",
  type: "integer",
  minimum: 0,
  maximum: 8,
  default: 0,
};

/** Settings of all engines that are asked over HTTP, prompt by prompt. */
export const asked = { concurrency, timeout_seconds, retries, guided, extra, cut_tries };
