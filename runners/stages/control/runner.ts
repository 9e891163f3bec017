import type { Runner } from "../../../src/contract/runner.js";
import { sizesOnly } from "../../base/stage/cost-model.js";
import type { ControlParams } from "./settings.js";

/** Vectors without content in the place of knowledge vectors. */
export const controlRunner: Runner<ControlParams> = {
  name: "control",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: () => sizesOnly({}, 2),
  load: async () => (await import("./program.js")).program,
};
