import type { StageRequest } from "../../../src/contract/runner.js";
import type { UserSplit } from "../../base/artifacts/split.js";

/** The stage that splits a data set by users. */
export const splitStage = (split: UserSplit, dataset: StageRequest): StageRequest<UserSplit> => ({
  runner: "split",
  label: `split by users, fold ${split.fold} of ${split.folds}`,
  params: split,
  inputs: { dataset },
  files: {},
  execution: {},
});
