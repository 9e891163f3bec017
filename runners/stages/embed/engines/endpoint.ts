import { PRICES } from "../../../base/chat/prices.js";
import { checkAddress } from "../../../base/chat/address.js";
import { mistake } from "../../../base/stage/mistake.js";
import type { EmbedEngine } from "./engine.js";
import type { EndpointParams, EndpointExecution } from "./endpoint-params.js";
import { given } from "./engine.js";
import { dimension, normalize } from "./shared-settings.js";

/** Texts a second. */
const RATE = 100;

/** An OpenAI-compatible embeddings endpoint. */
export const endpoint: EmbedEngine<EndpointParams, EndpointExecution> = {
  name: "endpoint",
  description: "an OpenAI-compatible embeddings endpoint",
  defaultModel: null,
  settings: {
    normalize,
    dimension,
    base_url: {
      description: "Address of the endpoint, up to and including /v1; engine endpoint.",
      type: ["string", "null"],
      pattern: "^https?://",
      default: null,
    },
    api_key_env: {
      description: "Environment variable that holds the endpoint's key; null: no key is sent.",
      type: ["string", "null"],
      pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
      default: null,
    },
    concurrency: {
      description: "The number of requests that run at the same time; engine endpoint.",
      type: "integer",
      minimum: 1,
      default: 4,
    },
    timeout_seconds: {
      description:
        "Seconds after which r4ec gives a request up and sends it again; engine endpoint.",
      type: "number",
      exclusiveMinimum: 0,
      default: 60,
    },
    retries: {
      description:
        "How many times a request is sent again after a temporary failure; engine endpoint.",
      type: "integer",
      minimum: 0,
      default: 6,
    },
    prices: {
      description: "What the endpoint charges, in US dollars per million tokens; engine endpoint.",
      type: "object",
      default: {},
      additionalProperties: false,
      properties: { prompt: PRICES.properties.prompt },
    },
  },
  check(settings, where) {
    const missing = (["base_url", "model"] as const).filter(
      (setting) => typeof settings[setting] !== "string",
    );
    if (missing.length === 0) return checkAddress(settings.base_url, `${where}.base_url`);
    return [mistake(where, `engine endpoint needs ${missing.join(" and ")}`)];
  },
  stage(settings) {
    const { model, base_url, api_key_env, batch_size, concurrency, timeout_seconds, retries } =
      settings;
    const { prices } = settings;
    if (model === null || base_url === null) throw new Error("engine endpoint needs an address");
    return {
      params: {
        engine: "endpoint",
        model: { name: model },
        normalize: settings.normalize,
        ...given({ dimension: settings.dimension }),
        // Before, vectors of a server that ignores `dimensions` were kept as they came.
        ...(settings.dimension === null ? {} : { fitted: true }),
      },
      execution: {
        base_url,
        api_key_env,
        batch_size,
        concurrency,
        timeout_seconds,
        retries,
        prices,
      },
      inputs: {},
      files: {},
    };
  },
  toolchain: [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  gpuHours: () => 0,
  seconds: (texts) => 1 + texts / RATE,
  counted: true,
  load: async (task) => (await import("./endpoint-client.js")).loadEndpoint(task),
};
