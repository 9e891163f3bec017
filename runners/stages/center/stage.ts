import type { StageRequest } from "../../../src/contract/runner.js";

/** The stage that takes the mean of the training users' and items' vectors off all of them. */
export const centerStage = (
  of: string,
  dataset: StageRequest,
  vectors: StageRequest,
): StageRequest => ({
  runner: "center",
  label: `centred ${of}`,
  params: {},
  inputs: { dataset, vectors },
  files: {},
  execution: {},
});
