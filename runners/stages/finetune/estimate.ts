import type { EstimateStage, StageEstimate } from "../../../src/contract/runner.js";
import {
  billionsOf,
  ENTRY,
  gpuSeconds,
  KNOWLEDGE,
  nameOf,
  sizeOf,
  TEMPLATE,
  trainingHours,
} from "../../base/stage/cost-model.js";
import type { FinetuneParams } from "./settings.js";

/** What fine-tuning takes: every token of every sample, once an epoch. */
export function estimateFinetune({ params, inputs }: EstimateStage): StageEstimate {
  const { samples, options, model } = params as FinetuneParams;
  const count = Object.entries(samples)
    .flatMap(([input, classes]) => classes.map((name) => sizeOf(inputs[input], `samples.${name}`)))
    .reduce((sum, each) => sum + each, 0);
  const number = (name: string, fallback: number): number =>
    typeof options[name] === "number" ? options[name] : fallback;
  const length = Math.min(number("cutoff_len", 2048), TEMPLATE + 15 * ENTRY + 2 * KNOWLEDGE);
  const tokens = count * length * number("num_train_epochs", 3);
  const gpuHours = trainingHours(billionsOf(model), tokens);
  return {
    ...{ promptTokens: tokens, completionTokens: 0, gpuHours, seconds: gpuSeconds(gpuHours) },
    kinds: [nameOf(model)],
    sizes: {},
  };
}
