import { mistake } from "../../../base/stage/mistake.js";
import type { InferEngine } from "./engine.js";
import {
  api_key_env,
  concurrency,
  guided,
  model,
  retries,
  timeout_seconds,
} from "./shared-settings.js";

/** An OpenAI-compatible endpoint that is there already. */
export const endpoint: InferEngine = {
  name: "endpoint",
  description:
    "an OpenAI-compatible endpoint that is already running (only for variant kar: such an endpoint cannot serve the adapters that a sweep fine-tunes)",
  settings: {
    base_url: {
      description: "Address of the endpoint, up to and including /v1; engine endpoint.",
      type: ["string", "null"],
      pattern: "^https?://",
      default: null,
    },
    model,
    api_key_env,
    concurrency,
    timeout_seconds,
    retries,
    guided,
  },
  // It cuts prompts and fills chat templates as it likes.
  decides: [],
  takesAdapters: false,
  bringsTemplate: true,
  check: ({ base_url }, where) =>
    base_url === null
      ? [mistake(where, "engine endpoint needs base_url, the endpoint's address")]
      : [],
  toolchain: [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  promptsAtOnce: () => null,
  load: async (task) => (await import("../chat.js")).loadEndpoint(task),
};
