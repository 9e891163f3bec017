import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeSafetensors } from "../../../base/files/safetensors.js";
import { writeNpy } from "../../../base/files/write-npy.js";
import type { CtrData } from "../data/load.js";
import type { Quality } from "../metrics.js";
import type { ModelShape } from "../model.js";
import { qualityMetrics, type Cell } from "./cell.js";
import type { ReplicaState } from "./state.js";
import { unknownCounts, unseenCounts } from "../data/seen.js";

/** `model.json`: all that is needed to build a model again; its weights are in a file beside it. */
export interface ModelFile {
  readonly format: "r4ec-ctr-model-1";
  readonly shape: ModelShape;
  /** The data set the ids belong to. */
  readonly dataset: string;
  readonly like_above: number;
  readonly seed: number;
}

/** The result of a finished cell. */
export interface Ending {
  readonly best: ReplicaState;
  /** The best weights' scores of the test samples, and their quality. */
  readonly scores: Float32Array;
  readonly quality: Quality;
  readonly shape: ModelShape;
  /** Trainable numbers. */
  readonly parameters: number;
}

/** Writes a finished cell's artifact (docs/artifacts.md) and ends its task. */
export async function publishCell(
  cell: Cell,
  data: CtrData,
  { best, scores, quality, shape, parameters }: Ending,
): Promise<void> {
  const { task, progress } = cell;
  const { bestEpoch, epochs, curves, trainSeconds, trainSamples } = progress;
  const picked = Object.entries(curves[bestEpoch - 1] ?? {}).filter(([name]) =>
    name.startsWith("valid."),
  );
  const metrics = {
    ...Object.fromEntries(picked),
    ...qualityMetrics("test", quality),
    ...(shape.users === undefined ? {} : unseenCounts(data)),
    ...unknownCounts(data),
    best_epoch: bestEpoch,
    epochs,
    parameters,
    samples_per_second: trainSeconds === 0 ? 0 : trainSamples / trainSeconds,
  };
  const model: ModelFile = {
    format: "r4ec-ctr-model-1",
    shape,
    dataset: data.dataset.id,
    like_above: data.dataset.likeAbove,
    seed: cell.params.seed,
  };
  const text = async (name: string, content: string): Promise<void> =>
    writeFile(join(task.out, name), content);
  const lines = curves.map((row) => `${JSON.stringify(row)}\n`).join("");
  await text("curves.jsonl", lines);
  await text("metrics.json", `${JSON.stringify({ ...metrics, per_epoch: curves }, null, 2)}\n`);
  await text("model.json", `${JSON.stringify(model, null, 2)}\n`);
  const weights = new Map([
    ...best.under("parameter/"),
    ...[...best.under("state/")].map(([name, tensor]) => [`state/${name}`, tensor] as const),
  ]);
  await writeFile(
    join(task.out, "weights.safetensors"),
    encodeSafetensors(weights, { format: "r4ec-ctr-weights-1" }),
  );
  await writeNpy(join(task.out, "predictions.npy"), scores, [scores.length]);
  const leaks = cell.picking === "test" ? { marks: { leak: "epoch picked on test" } } : {};
  await task.publish({ metrics, ...leaks });
}
