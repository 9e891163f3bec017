import { tf } from "../tensorflow.js";
import { readSampleRows } from "../../../base/artifacts/negatives.js";
import { fitFields } from "../../../base/fields/fit.js";
import { buildModel } from "../build.js";
import { makeColumns } from "../data/columns.js";
import { positionsOf, type Interactions } from "../data/interactions.js";
import { loadKnowledge } from "../data/load.js";
import { makeSession } from "../graph/make-session.js";
import type { Model } from "../model.js";
import { Scoring } from "../train/scoring.js";
import { scoringSizes } from "../train/tuning.js";
import { readSamples, stranger, type RawSample } from "./samples.js";
import { translated } from "./translate.js";
import { loadWeights, type TrainedCell } from "./trained.js";

/** Samples with their scores, in the order of the file. */
export interface ScoredSamples {
  readonly samples: readonly RawSample[];
  /** Probability that the user likes the item, [n]. */
  readonly scores: Float32Array;
  /** Samples of users that the data set does not know: scored without knowledge of them. */
  readonly strangers: number;
}

/** Scores samples of a JSON Lines file (see {@link readSamples}) by a trained cell. */
export async function scoreFile(trained: TrainedCell, path: string): Promise<ScoredSamples> {
  const dataset = await readSampleRows(trained.dataset, trained.split);
  const { historyLength } = trained.model.shape;
  const { raw, interactions, rows, strangers } = await readSamples(
    path,
    trained.dataset,
    dataset,
    historyLength,
    fitFields(dataset),
  );
  const scores = await scoreRows(trained, interactions, rows);
  return { samples: raw, scores, strangers };
}

/** Scores of a split, in its order. */
export interface ScoredSplit {
  readonly scores: Float32Array;
  /** Samples of users that the cell's data set does not know. */
  readonly strangers: number;
}

/**
 * Scores a split of the cell's own data set, or of another preparation of it, whose artifact is in
 * the folder `other`. Throws a UserError where the cell can't score that (see {@link translated}).
 */
export async function scoreSplit(
  trained: TrainedCell,
  split: "train" | "valid" | "test",
  other: string | null = null,
): Promise<ScoredSplit> {
  const own = await readSampleRows(trained.dataset, trained.split);
  const dataset = other === null ? own : await readSampleRows(other);
  const rows = dataset[split];
  const position = positionsOf(dataset);
  const interactions =
    other === null
      ? { ...dataset, position, fieldTables: fitFields(own)?.tables ?? null }
      : await translated(
          { folder: trained.dataset, dataset: own },
          { folder: other, dataset },
          { rows, position, historyLength: trained.model.shape.historyLength },
        );
  const scores = await scoreRows(trained, interactions, rows);
  const { interactionUser } = interactions;
  return { scores, strangers: rows.filter((row) => interactionUser[row] === stranger).length };
}

async function scoreRows(
  trained: TrainedCell,
  interactions: Interactions,
  rows: Int32Array,
): Promise<Float32Array> {
  const knowledge = trained.embed === null ? null : await loadKnowledge(trained.embed);
  const model = trainedModel(trained);
  const columns = makeColumns(model.device, interactions, knowledge);
  const scoring = new Scoring(model, columns, {
    ...scoringSizes(model.device, 1, rows.length),
    fullHistory: false,
  });
  const session = await makeSession(scoring.functions, { engine: "auto", xla: false });
  try {
    return scoring.score(session, rows)[0]!;
  } finally {
    session.dispose();
    scoring.dispose();
    columns.dispose();
    model.dispose();
  }
}

/** A model of one replica with a trained cell's weights. */
export function trainedModel({ model: file, weights }: TrainedCell): Model {
  const model = buildModel(file.shape, [file.seed]);
  const variables = new Map([
    ...model.parameters.map(({ name, variable }) => [name, variable] as const),
    ...model.state.map(({ name, variable }) => [`state/${name}`, variable] as const),
  ]);
  tf.tidy(() => {
    for (const [name, { data }] of loadWeights(model, weights)) {
      const variable = variables.get(name)!;
      variable.assign(tf.tensor(data, variable.shape) as never);
    }
  });
  return model;
}
