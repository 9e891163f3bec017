import type { Runner, StageEstimate } from "../../../src/contract/runner.js";
import { sizesOnly } from "../../base/stage/cost-model.js";
import type { CommonSettings } from "./source.js";
import type { DatasetParams } from "./settings.js";
import { sourceOfStage } from "./sources.js";

const UNKNOWN =
  "how large a data set is that was not prepared yet: `r4ec dataset FILE` prepares it, or dataset.sizes says it: {users: …, items: …, train: …, test: …}";

/** Ratings that are read and put in order in a second. */
const RATE = 100_000;

/** Prepares data sets (docs/artifacts.md, `dataset`). */
export const datasetRunner: Runner<DatasetParams> = {
  name: "dataset",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: ({ params, execution }) => {
    const { users, items, train, test } = (execution["sizes"] ?? {}) as NonNullable<
      CommonSettings["sizes"]
    >;
    const said = { users, items, "train.samples": train, "test.samples": test };
    const given = Object.entries(said).filter(
      (entry): entry is [string, number] => entry[1] !== undefined,
    );
    const sizes: StageEstimate["sizes"] = {
      ...sourceOfStage(params.id)?.sizes,
      ...Object.fromEntries(given),
    };
    const isKnown = Object.keys(said).every((name) => name in sizes);
    const samples = (sizes["train.samples"] ?? 0) + (sizes["test.samples"] ?? 0);
    return {
      ...sizesOnly(sizes, 2 + samples / RATE),
      kinds: [params.id],
      ...(isKnown ? {} : { unknown: UNKNOWN }),
    };
  },
  load: async () => (await import("./program.js")).program,
};
