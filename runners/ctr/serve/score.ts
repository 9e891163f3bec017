import type { TensorFlow as tf } from "../../tensorflow.js";
import { readDataset } from "../../dataset/read.js";
import { buildModel } from "../build.js";
import { makeColumns, positionsOf, type Interactions } from "../data/columns.js";
import { loadKnowledge } from "../data/load.js";
import type { Model } from "../model.js";
import { Scoring } from "../train/scoring.js";
import { makeExecutor } from "../train/trainer.js";
import { readSamples, type RawSample } from "./samples.js";
import { loadWeights, type TrainedCell } from "./trained.js";

/** Samples with their scores, in the order of the file. */
export interface ScoredSamples {
  readonly samples: readonly RawSample[];
  /** Probability that the user likes the item, [n]. */
  readonly scores: Float32Array;
}

/** Scores samples of a JSON Lines file (see {@link readSamples}) by a trained cell. */
export async function scoreFile(
  tensorflow: typeof tf,
  trained: TrainedCell,
  path: string,
): Promise<ScoredSamples> {
  const dataset = await readDataset(trained.dataset);
  const { historyLength } = trained.model.shape;
  const { raw, interactions, rows } = await readSamples(
    path,
    trained.dataset,
    dataset,
    historyLength,
  );
  return { samples: raw, scores: await scoreRows(tensorflow, trained, interactions, rows) };
}

/** Scores of a split of a data set artifact (the cell's own where none is given). */
export async function scoreSplit(
  tensorflow: typeof tf,
  trained: TrainedCell,
  split: "train" | "valid" | "test",
): Promise<Float32Array> {
  const dataset = await readDataset(trained.dataset);
  const interactions = { ...dataset, position: positionsOf(dataset) };
  return scoreRows(tensorflow, trained, interactions, dataset[split]);
}

async function scoreRows(
  t: typeof tf,
  trained: TrainedCell,
  interactions: Interactions,
  rows: Int32Array,
): Promise<Float32Array> {
  const knowledge = trained.embed === null ? null : await loadKnowledge(trained.embed);
  const model = trainedModel(t, trained);
  const columns = makeColumns(t, interactions, knowledge);
  const scoring = new Scoring(t, model, columns, {
    scoreBatch: Math.min(rows.length, 2048),
    fullHistory: false,
  });
  const executor = await makeExecutor(t, scoring.functions, { engine: "auto", xla: false });
  try {
    return scoring.score(executor, rows)[0]!;
  } finally {
    executor.dispose();
    scoring.dispose();
    columns.dispose();
    model.dispose();
  }
}

/** A model of one replica with a trained cell's weights. */
export function trainedModel(t: typeof tf, { model: file, weights }: TrainedCell): Model {
  const model = buildModel(file.shape, [file.seed]);
  const variables = new Map([
    ...model.parameters.map(({ name, variable }) => [name, variable] as const),
    ...model.state.map(({ name, variable }) => [`state/${name}`, variable] as const),
  ]);
  t.tidy(() => {
    for (const [name, { data }] of loadWeights(model, weights)) {
      const variable = variables.get(name)!;
      variable.assign(t.tensor(data, variable.shape) as never);
    }
  });
  return model;
}
