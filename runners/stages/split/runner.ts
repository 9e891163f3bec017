import type { Runner } from "../../../src/contract/runner.js";
import type { UserSplit } from "../../base/artifacts/split.js";
import { sizeOf, sizesOnly } from "../../base/stage/cost-model.js";

/** Splits a data set by users (docs/artifacts.md, `split`). */
export const splitRunner: Runner<UserSplit> = {
  name: "split",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: ({ params: { folds }, inputs: { dataset } }) => {
    const samples = sizeOf(dataset, "train.samples") + sizeOf(dataset, "test.samples");
    const tested = Math.round(samples / folds);
    return sizesOnly({ "train.samples": samples - tested, "test.samples": tested });
  },
  load: async () => (await import("./program.js")).program,
};
