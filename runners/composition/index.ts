import type { Runner } from "../../src/contract/runner.js";
import { embedRunner } from "../stages/embed/runner.js";
import { sizeOf, sizesOnly } from "../base/estimate.js";
import { modelRunner } from "../stages/packaged-model/runner.js";

export { checkKnowledge } from "./check.js";
export { knowledgeFragment } from "./schema.js";
export { expandKnowledge } from "./settings.js";
export { knowledgeStage } from "./stage.js";
export { ignoredKnowledge } from "./variants.js";

const profileRunner: Runner = {
  name: "profile",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: ({ inputs: { dataset } }) =>
    sizesOnly({
      "users.texts": sizeOf(dataset, "users"),
      "items.texts": sizeOf(dataset, "items"),
    }),
  load: async () => (await import("../stages/profile/program.js")).profileProgram,
};

const fileRunner: Runner = {
  name: "file",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  load: async () => (await import("../stages/own-files/program.js")).fileProgram,
};

/** Runners of the stages between the data set and the CTR model that ask no LLM. */
export const knowledgeRunners: readonly Runner[] = [
  profileRunner,
  fileRunner,
  modelRunner,
  embedRunner,
];
