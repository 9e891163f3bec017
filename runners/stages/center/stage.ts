import type { StageRequest } from "../../../src/contract/runner.js";

/**
 * The stage that subtracts the mean vector of the training users (items) from all users' (items')
 * vectors.
 *
 * @param data the data set, and the stage that splits it where it is not split by time, or null
 */
export const centerStage = (
  of: string,
  { dataset, split }: { readonly dataset: StageRequest; readonly split: StageRequest | null },
  vectors: StageRequest,
): StageRequest => ({
  runner: "center",
  label: `centred ${of}`,
  params: {},
  inputs: split === null ? { dataset, vectors } : { dataset, split, vectors },
  files: {},
  execution: {},
});
