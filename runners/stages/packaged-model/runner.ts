import type { Runner } from "../../../src/contract/runner.js";
import { sizesOnly } from "../../base/stage/cost-model.js";
import type { PackagedModelParams } from "../../base/models/packaged.js";

/** A model inside a Python package becomes a model folder. */
export const packagedModelRunner: Runner<PackagedModelParams> = {
  name: "model",
  version: 1,
  // A GGUF file is converted by transformers.
  toolchain: () => ["llm.convert"],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: () => sizesOnly({}, 20),
  load: async () => (await import("./program.js")).program,
};
