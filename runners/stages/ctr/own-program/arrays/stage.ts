import type { StageRequest } from "../../../../../src/contract/runner.js";

/** What decides the arrays, beside the stages that they are made from. */
export type ArraysParams = {
  /** H: interactions in a sample's history. */
  readonly history_length: number;
};

/** The stage that writes a data set, its split and its knowledge as plain arrays, for all seeds and programs. */
export const arraysStage = (
  params: ArraysParams,
  dataset: StageRequest,
  embed: StageRequest | null,
  split: StageRequest | null,
): StageRequest<ArraysParams> => ({
  runner: "arrays",
  label:
    embed === null ? `arrays of ${dataset.label}` : `arrays of ${dataset.label}, ${embed.label}`,
  params,
  inputs: {
    dataset,
    ...(split === null ? {} : { split }),
    ...(embed === null ? {} : { embed }),
  },
  files: {},
  execution: {},
});
