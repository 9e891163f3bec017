import { cardsAsked, checkGpus } from "../../../base/stage/gpus.js";
import { reservedOptions } from "../reserved.js";
import { promptsAtOnce } from "../prompts-at-once.js";
import type { InferEngine } from "./engine.js";
import { cutoff_len, gpus, llamafactory as options } from "./shared-settings.js";

/** LLaMA-Factory's batch prediction: all prompts in one run of a Python program. */
export const llamafactory: InferEngine = {
  name: "llamafactory",
  description: "LLaMA-Factory's batch prediction",
  settings: {
    cutoff_len,
    batch_size: {
      description: "Prompts that one device answers at once; engine llamafactory.",
      type: "integer",
      minimum: 1,
      default: 8,
    },
    gpus,
    llamafactory: options,
  },
  decides: ["cutoff_len", "llamafactory"],
  takesAdapters: true,
  bringsTemplate: false,
  check: ({ llamafactory: given, gpus: cards }, where) => [
    ...reservedOptions(given, `${where}.llamafactory`),
    ...checkGpus(cards, `${where}.gpus`),
  ],
  toolchain: ["llm.answer"],
  resources: (execution) => ({ cpus: 4, ...cardsAsked(execution.gpus) }),
  promptsAtOnce: (execution) => execution.batch_size,
  tighten: ({ answer }, { batch_size }, times) => {
    if ("per_device_eval_batch_size" in (answer.llamafactory ?? {})) return null;
    const atOnce = promptsAtOnce(batch_size, times);
    return atOnce === promptsAtOnce(batch_size, times - 1)
      ? null
      : `with ${atOnce} prompts at once`;
  },
  load: async (task) => (await import("../llamafactory.js")).loadLlamaFactory(task),
};
