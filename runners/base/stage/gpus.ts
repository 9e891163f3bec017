import type { Finding } from "../../../src/base/diagnostic.js";
import type { JsonObject } from "../../../src/base/json.js";
import { mistake } from "./mistake.js";

/**
 * Schema of a setting that says how many cards a stage takes, or how much of one.
 *
 * @param what whose GPUs they are: `one fine-tuning`
 */
export const gpusSetting = (what: string): JsonObject => ({
  description: `The number of GPUs that ${what} uses. Below 1: the share of one GPU that it needs, by its memory (0.25: four stages side by side).`,
  type: "number",
  exclusiveMinimum: 0,
  default: 1,
});

/** A mistake where a number of cards is neither whole nor a share of one. */
export const checkGpus = (gpus: unknown, where: string): readonly Finding[] =>
  typeof gpus === "number" && gpus > 1 && !Number.isInteger(gpus)
    ? [mistake(where, `${gpus} is neither a whole number of GPUs nor a share of one (below 1)`)]
    : [];
