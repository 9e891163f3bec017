import { checkAddress } from "../../../base/chat/address.js";
import { checkExtra } from "../../../base/chat/extra.js";
import { mistake } from "../../../base/stage/mistake.js";
import type { InferEngine } from "./engine.js";
import { api_key_env, asked, model, prices } from "./shared-settings.js";

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
    ...asked,
    prices,
  },
  // The endpoint itself cuts prompts and fills in the chat template.
  decides: [],
  takesAdapters: false,
  bringsTemplate: true,
  check: ({ base_url, extra: fields }, where) => [
    ...(base_url === null
      ? [mistake(where, "engine endpoint needs base_url, the endpoint's address")]
      : []),
    ...checkAddress(base_url, `${where}.base_url`),
    ...checkExtra(fields, `${where}.extra`),
  ],
  toolchain: [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  promptsAtOnce: () => null,
  load: async (task) => (await import("../chat.js")).loadEndpoint(task),
};
