import type { Runner } from "../../../src/contract/runner.js";
import { estimateFinetune } from "./estimate.js";

/** finetune and samples. */
export const finetuneRunners: readonly Runner[] = [
  {
    name: "finetune",
    version: 1,
    toolchain: () => ["llm"],
    // Where there is no card the cores do its work.
    resources: (_, execution) => ({ cpus: 4, gpus: Number(execution["gpus"] ?? 1) }),
    estimate: estimateFinetune,
    load: async () => (await import("./program.js")).programs.finetune,
  },
  {
    name: "samples",
    version: 1,
    toolchain: () => [],
    resources: () => ({ cpus: 1, gpus: 0 }),
    load: async () => (await import("./program.js")).programs.samples,
  },
];
