import { checkExtra } from "../../../base/chat/extra.js";
import { cardsAsked, checkGpus } from "../../../base/stage/gpus.js";
import { reservedOptions } from "../reserved.js";
import type { InferEngine } from "./engine.js";
import {
  api_key_env,
  asked,
  cutoff_len,
  gpus,
  llamafactory,
  model,
  start_timeout_seconds,
} from "./shared-settings.js";

/** A server of the user's command that the stage starts and asks over the OpenAI protocol. */
export const server: InferEngine = {
  name: "server",
  description: "a server that r4ec starts with `command`",
  settings: {
    model,
    api_key_env,
    command: {
      description:
        "Program and arguments of the server. {model}, {adapter}, {port}, {config} (a LLaMA-Factory configuration) and {serve} (the small server that comes with r4ec) are filled in. Arguments that name {adapter} belong into adapter_arguments.",
      type: "array",
      items: { description: "An argument.", type: "string" },
      minItems: 1,
      default: ["llamafactory-cli", "api", "{config}"],
    },
    adapter_arguments: {
      description:
        "Arguments that are added to `command` when there is a fine-tuned adapter, such as [--enable-lora, --lora-modules, 'r4ec={adapter}'] for vLLM (with model: r4ec).",
      type: "array",
      items: { description: "An argument.", type: "string" },
      default: [],
    },
    start_timeout_seconds,
    cutoff_len,
    ...asked,
    gpus,
    llamafactory,
  },
  // A server's arguments can change what it says (another precision, a penalty).
  decides: ["cutoff_len", "llamafactory", "command", "adapter_arguments"],
  takesAdapters: true,
  bringsTemplate: false,
  check: ({ llamafactory: given, extra: fields, gpus: cards }, where) => [
    ...checkGpus(cards, `${where}.gpus`),
    ...reservedOptions(given, `${where}.llamafactory`),
    ...checkExtra(fields, `${where}.extra`),
  ],
  toolchain: ["llm"],
  resources: (execution) => ({ cpus: 4, ...cardsAsked(execution.gpus) }),
  promptsAtOnce: (execution) => execution.concurrency,
  load: async (task) => (await import("../server.js")).loadServer(task),
};
