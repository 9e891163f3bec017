import type { Runner } from "../../src/runner.js";

import { estimateFinetune } from "./estimate.js";

export { finetuneStage, ownSamplesStage } from "./stages.js";
export type { FinetuneSettings } from "./settings.js";

/** finetune and samples. */
export const finetuneRunners: readonly Runner[] = [
  {
    name: "finetune",
    version: 1,
    toolchain: ["llm"],
    resources: (_, execution) => ({ cpus: 1, gpus: Number(execution["gpus"] ?? 1) }),
    estimate: estimateFinetune,
    load: async () => (await import("./finetune.js")).program,
  },
  {
    name: "samples",
    version: 1,
    toolchain: [],
    resources: () => ({ cpus: 1, gpus: 0 }),
    load: async () => (await import("./own-samples.js")).program,
  },
];
