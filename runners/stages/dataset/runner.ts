import type { Runner } from "../../../src/contract/runner.js";
import { sizesOnly } from "../../base/stage/cost-model.js";
import type { DatasetParams } from "./settings.js";
import { sourceOfStage } from "./sources.js";

/** Prepares data sets (docs/artifacts.md, `dataset`). */
export const datasetRunner: Runner<DatasetParams> = {
  name: "dataset",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: ({ params }) => sizesOnly(sourceOfStage(params.id)?.sizes ?? {}),
  load: async () => (await import("./program.js")).program,
};
