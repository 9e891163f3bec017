import type { Runner } from "../../../../../src/contract/runner.js";
import { sizeOf, sizesOnly } from "../../../../base/stage/cost-model.js";
import type { ArraysParams } from "./stage.js";

/** Writes the folder of arrays that programs of users' own train on (docs/program-backbone.md). */
export const arraysRunner: Runner<ArraysParams> = {
  name: "arrays",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: ({ inputs: { split, dataset } }) =>
    sizesOnly({ "train.samples": sizeOf(split ?? dataset, "train.samples") }),
  load: async () => (await import("./program.js")).program,
};
