import type { Runner } from "../../../src/contract/runner.js";
import { sizesOnly } from "../../base/stage/cost-model.js";
import type { DatasetParams } from "./settings.js";
import { sourceOfStage } from "./sources.js";

/** Ratings that are read and put in order in a second. */
const RATE = 100_000;

/** Prepares data sets (docs/artifacts.md, `dataset`). */
export const datasetRunner: Runner<DatasetParams> = {
  name: "dataset",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: ({ params }) => {
    const sizes = sourceOfStage(params.id)?.sizes ?? {};
    const samples = (sizes["train.samples"] ?? 0) + (sizes["test.samples"] ?? 0);
    return { ...sizesOnly(sizes, 2 + samples / RATE), kinds: [params.id] };
  },
  load: async () => (await import("./program.js")).program,
};
