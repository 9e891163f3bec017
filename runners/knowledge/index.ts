import type { Runner } from "../../src/runner.js";
import { embedRunner } from "../embed/index.js";
import { sizeOf, sizesOnly } from "../estimate.js";
import { modelRunner } from "../model/index.js";

export { checkKnowledge } from "./check.js";
export { knowledgeFragment } from "./schema.js";
export { expandKnowledge } from "./settings.js";
export { knowledgeStage } from "./stage.js";
export { ignoredKnowledge } from "./variants.js";

const profileRunner: Runner = {
  name: "profile",
  version: 1,
  toolchain: [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: ({ inputs: { dataset } }) =>
    sizesOnly({
      "users.texts": sizeOf(dataset, "users"),
      "items.texts": sizeOf(dataset, "items"),
    }),
  load: async () => (await import("./profile.js")).profileProgram,
};

const fileRunner: Runner = {
  name: "file",
  version: 1,
  toolchain: [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  load: async () => (await import("./file.js")).fileProgram,
};

/** Runners of the stages between the data set and the CTR model that ask no LLM. */
export const knowledgeRunners: readonly Runner[] = [
  profileRunner,
  fileRunner,
  modelRunner,
  embedRunner,
];
