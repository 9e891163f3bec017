import type { Runner } from "../../../src/contract/runner.js";
import { sizesOnly } from "../../base/stage/cost-model.js";

/** Removes what knowledge vectors have in common. */
export const centerRunner: Runner = {
  name: "center",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: () => sizesOnly({}, 2),
  load: async () => (await import("./program.js")).program,
};
