import type { EstimateStage, StageEstimate } from "../../../src/contract/runner.js";
import { ctrHours, sizeOf, sizesOnly } from "../../base/stage/cost-model.js";
import type { CtrParams } from "./settings.js";

/**
 * Samples per second that two CPU cores train without knowledge, by backbone, with a history of 5
 * (docs/performance.md, the rows "traced"). Only their proportions matter.
 */
export const trainingRates: { readonly [backbone: string]: number } = {
  din: 126_000,
  dien: 44_000,
  gru4rec: 87_000,
  dcn: 175_000,
  dcnv2: 118_000,
  deepfm: 341_000,
  xdeepfm: 28_000,
  autoint: 116_000,
  fibinet: 128_000,
  fignn: 100_000,
};

/** Of a backbone that is a module of the user's own. */
const OTHER_RATE = 100_000;
/** Samples per second of the adaptor alone: what HEA adds to a step of DIN. */
const ADAPTOR_RATE = 26_000;
/** Backbones that go through the history one interaction after another. */
const SEQUENTIAL = new Set(["dien", "gru4rec"]);
/** The share of other backbones' work that grows with the history. */
const BY_HISTORY = 0.4;
/** Seconds until a process has loaded TensorFlow and recorded its graph. */
const START = 4;

/** What training and testing one cell takes. */
export function estimateCtr({ params, inputs }: EstimateStage<CtrParams>): StageEstimate {
  const { backbone, history_length: history, adaptor, batch_size: batch, epochs } = params;
  const samples = epochs * sizeOf(inputs["split"] ?? inputs["dataset"], "train.samples");
  const name = backbone ?? "own";
  const share = SEQUENTIAL.has(name) ? 1 : BY_HISTORY;
  const perSample =
    (1 - share + (share * history) / 5) / (trainingRates[name] ?? OTHER_RATE) +
    (adaptor === null ? 0 : 1 / ADAPTOR_RATE);
  const sides = adaptor === null ? "plain" : String(adaptor["type"]);
  return {
    ...sizesOnly({}, START + samples * perSample),
    gpuHours: ctrHours(samples),
    kinds: [`${name} ${sides} ${history} ${batch}`, `${name} ${sides}`, name],
  };
}
