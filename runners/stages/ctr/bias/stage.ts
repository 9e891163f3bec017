import type { Ignored } from "../../../../src/contract/science.js";
import type { JsonObject } from "../../../../src/base/json.js";
import type { StageRequest } from "../../../../src/contract/runner.js";

/** The backbone that is no network: like rates of items and users alone. */
export const BIAS = "bias";

/** Whether a cell's backbone is {@link BIAS}. */
export const isBias = (settings: JsonObject): boolean => settings["backbone"] === BIAS;

/** All that a cell of {@link BIAS} ignores: what is left is its data set. */
export const ignoredBias = (settings: JsonObject): Ignored[] =>
  ["knowledge", "ctr", "seed"]
    .filter((path) => path in settings)
    .map((path) => ({ path, because: "the backbone bias only counts likes" }));

/** The stage that scores by like rates; `split` is null by time. */
export const biasStage = (dataset: StageRequest, split: StageRequest | null): StageRequest => ({
  runner: BIAS,
  label: "bias",
  params: {},
  inputs: split === null ? { dataset } : { dataset, split },
  files: {},
  execution: {},
});
