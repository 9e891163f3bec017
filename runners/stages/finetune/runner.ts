import type { Runner } from "../../../src/contract/runner.js";
import { cardsAsked } from "../../base/stage/gpus.js";
import { sizesOnly } from "../../base/stage/cost-model.js";
import { batches } from "./config.js";
import { estimateFinetune } from "./estimate.js";
import type { FinetuneExecution, FinetuneParams } from "./settings.js";

/** Options of LLaMA-Factory in which r4ec says how many samples a card takes at once. */
const TAKEN = ["per_device_train_batch_size", "gradient_accumulation_steps"];

/** finetune and samples. */
export const finetuneRunners: readonly Runner[] = [
  {
    name: "finetune",
    version: 1,
    toolchain: () => ["llm.tune"],
    // Where there is no card the cores do its work.
    resources: (_, execution) => ({
      cpus: 4,
      ...cardsAsked((execution as FinetuneExecution).gpus),
    }),
    tighten: (params, execution, times) => {
      const { batch_size, options } = params as FinetuneParams;
      const { gpus, micro_batch_size } = execution as FinetuneExecution;
      // The user's own numbers stand above r4ec's.
      if (TAKEN.some((name) => name in options)) return null;
      const cards = Math.max(1, cardsAsked(gpus).gpus);
      const of = (tightened: number) => batches(batch_size, micro_batch_size, { cards, tightened });
      const { micro, steps } = of(times);
      if (micro === of(times - 1).micro) return null;
      return `with micro_batch_size ${micro}, gradients of ${steps} steps added`;
    },
    estimate: estimateFinetune,
    load: async () => (await import("./program.js")).programs.finetune,
  },
  {
    name: "samples",
    version: 1,
    toolchain: () => [],
    resources: () => ({ cpus: 1, gpus: 0 }),
    estimate: () => sizesOnly({}, 2),
    load: async () => (await import("./program.js")).programs.samples,
  },
];
