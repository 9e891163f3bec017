import type { Runner } from "../../../src/contract/runner.js";
import { sizesOnly } from "../../base/stage/cost-model.js";
import type { OwnFilesParams } from "./settings.js";

/** Text or vectors of the user's own, in the form of r4ec's artifacts. */
export const ownFilesRunner: Runner<OwnFilesParams> = {
  name: "file",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: () => sizesOnly({}, 2),
  load: async () => (await import("./program.js")).program,
};
