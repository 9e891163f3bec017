import type { Finding } from "../../../src/base/diagnostic.js";
import type { JsonObject } from "../../../src/base/json.js";
import { megabytesOf } from "../../../src/base/memory-size.js";
import type { Resources } from "../../../src/contract/runner.js";
import { mistake } from "./mistake.js";

/** A size of a card's memory, as a regular expression. It has its unit, so that a number in quotes is none. */
export const CARD_MEMORY = "^[1-9]\\d*[MG]$";

/** What a setting says about cards: how many, how much of one (below 1), or how much of one's memory (`16G`). */
export type GpusSetting = number | string;

/**
 * Schema of a setting that says how many cards a stage takes, or how much of one.
 *
 * @param what whose GPUs they are: `one fine-tuning`
 */
export const gpusSetting = (what: string): JsonObject => ({
  description: `The number of GPUs that ${what} uses. 16G: so much of one GPU's memory, so that others use the rest of it (G: 2^30 bytes). Below 1: this share of one GPU (0.25: four stages side by side).`,
  type: ["number", "string"],
  exclusiveMinimum: 0,
  pattern: CARD_MEMORY,
  default: 1,
});

/** A mistake where a number of cards is neither whole nor a share of one. */
export const checkGpus = (gpus: unknown, where: string): readonly Finding[] =>
  typeof gpus === "number" && gpus > 1 && !Number.isInteger(gpus)
    ? [mistake(where, `${gpus} is neither a whole number of GPUs nor a share of one (below 1)`)]
    : [];

/** What a stage asks of cards. */
export const cardsAsked = (gpus: GpusSetting = 1): Pick<Resources, "gpus" | "gpuMemory"> =>
  typeof gpus === "number" ? { gpus } : { gpus: 1, gpuMemory: megabytesOf(gpus) };
