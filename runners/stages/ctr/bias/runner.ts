import type { Runner } from "../../../../src/contract/runner.js";
import { sizesOnly } from "../../../base/stage/cost-model.js";
import { BIAS } from "./stage.js";

/** Scores the test samples by like rates of items and users (docs/artifacts.md, `ctr`). */
export const biasRunner: Runner = {
  name: BIAS,
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: () => sizesOnly({}, 2),
  load: async () => (await import("./program.js")).program,
};
