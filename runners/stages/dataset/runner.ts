import type { Runner } from "../../../src/contract/runner.js";
import { sizesOnly } from "../../base/stage/cost-model.js";
import type { CommonSettings } from "./source.js";
import type { DatasetParams } from "./settings.js";
import { sourceOfStage } from "./sources.js";

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
    const sizes = { ...sourceOfStage(params.id)?.sizes, ...Object.fromEntries(given) };
    const lacking = Object.keys(said).filter((name) => !(name in sizes));
    if (lacking.length === 0) return sizesOnly(sizes);
    const unknown =
      "how large a data set is that was not prepared yet: `r4ec dataset FILE` prepares it, or dataset.sizes says it: {users: …, items: …, train: …, test: …}";
    return { ...sizesOnly(sizes), unknown };
  },
  load: async () => (await import("./program.js")).program,
};
