import { freemem } from "node:os";
import type { Device } from "../device.js";
import type { CtrExecution } from "../settings.js";
import type { ModelShape } from "../model.js";
import type { CtrData } from "../data/load.js";
import type { Cell } from "./cell.js";
import { distinctSizes, type DistinctSizes } from "./room.js";

/** How many samples one call and one piece of it score for each replica, of `samples`. */
export function scoringSizes(
  { scored }: Device,
  replicas: number,
  samples: number,
): { readonly scoreBatch: number; readonly pieceSize: number } {
  const each = (most: number): number => Math.max(256, Math.floor(most / replicas));
  // Calls of equal size, so that the last is not filled up.
  const calls = Math.max(1, Math.ceil(samples / each(scored.call)));
  return { scoreBatch: Math.max(1, Math.ceil(samples / calls)), pieceSize: each(scored.piece) };
}

/**
 * How many different users and items a training step makes room for, see {@link distinctSizes}; null
 * where it takes every sample's own vectors. Where XLA compiles many steps as one program, one batch
 * without room is enough for the trainer to be made anew; else the host takes another step for that batch. On a
 * card that is not compiled for, the few more operations may cost what they save: launching them takes the time.
 */
export function roomForDistinct(
  { kind }: Device,
  { dataset, knowledge, train }: Pick<CtrData, "dataset" | "knowledge" | "train">,
  batchSize: number,
  xla: boolean,
): DistinctSizes | null {
  if (knowledge === null || (kind === "gpu" && !xla)) return null;
  return distinctSizes(dataset, train, batchSize, xla ? 6 : 3);
}

/** In how many pieces a training step takes its batch. */
export function piecesOfStep({ pieces }: Device, batchSize: number): number {
  return batchSize < smallestPiece * pieces ? 1 : pieces;
}

/** The smallest number of samples in a piece for which the piece saves time. */
const smallestPiece = 128;

/**
 * Optimizer steps of a run from which compiling with XLA pays on a GPU. On an H200 compiling DIN with HEA
 * took 4 s, after which a step of 6 cells took 0.6 ms in place of 4.4, or of 10 where four such groups shared
 * the card: what a step saves hardly depends on its samples, since launching its operations takes the time.
 */
const xlaSteps = 600;

/** What decides how long a group of cells of one shape trains. */
interface Course {
  readonly epochs: number;
  readonly patience: number;
  readonly batch_size: number;
}

/** Epochs of a group that early stopping leaves, on the average of its cells. */
function expectedEpochs(cells: readonly Pick<Course, "epochs" | "patience">[]): number {
  // Early stopping ends most cells long before the last epoch.
  const epochs = cells.map((cell) => Math.min(cell.epochs, 2 * cell.patience));
  return epochs.reduce((sum, one) => sum + one, 0) / cells.length;
}

/** Whether to compile with XLA: as the setting says, or on a GPU where the run is long enough. */
export function useXla(
  { compiles }: Device,
  setting: CtrExecution["xla"],
  cells: readonly Cell[],
  samples: number,
): boolean {
  if (setting !== "auto") return setting;
  if (!compiles) return false;
  return xlaPays(
    cells.map(({ params }) => params),
    samples,
  );
}

/** Whether cells that train as one graph on a GPU run for long enough to be compiled. */
export function xlaPays(cells: readonly Course[], samples: number): boolean {
  const stepsPerEpoch = Math.ceil(samples / cells[0]!.batch_size);
  return expectedEpochs(cells) * stepsPerEpoch >= xlaSteps;
}

/**
 * Sample scores of a run from which compiling the scoring pays: it takes 1.2 s more, and saves 2.7 ms in
 * each call of 65,536 samples (H200, DIN with HEA).
 */
const compiledScores = 30_000_000;

/** Whether compiling the scoring of so many samples an epoch pays, besides that of the steps. */
export function compilesScoring(
  cells: readonly { readonly params: Course }[],
  samples: number,
): boolean {
  const courses = cells.map(({ params }) => params);
  return expectedEpochs(courses) * samples * cells.length >= compiledScores;
}

/**
 * How many cells to train as one graph, of `ready` ones: as many as gain by it and fit into half of
 * the memory that is free (a card's own memory is taken to be no smaller), in groups of equal size.
 */
export function replicasAtOnce(
  { mostReplicas }: Device,
  shape: ModelShape,
  batchSize: number,
  ready: number,
): number {
  const fitting = Math.floor(freemem() / 2 / replicaBytes(shape, batchSize));
  const limit = Math.max(1, Math.min(mostReplicas, fitting));
  return Math.ceil(ready / Math.ceil(ready / limit));
}

/** The memory of training one replica in bytes, roughly; rather too high than too low. */
export function replicaBytes(shape: ModelShape, batchSize: number): number {
  const { items, attributes, embeddingDim, historyLength, attributeFields, mlp } = shape;
  const { users = 0 } = shape;
  const tables = (users + items + attributes + shape.ratings) * embeddingDim;
  const fields = historyLength * (2 + attributeFields) + 1 + attributeFields + (users > 0 ? 1 : 0);
  const features = fields * embeddingDim;
  const adaptor = adaptorSizes(shape);
  const parameters = tables + features * mlp[0]! + adaptor.parameters;
  // Values and gradients of about ten layers as wide as the input, besides the adaptor's.
  const activations = batchSize * (20 * features + adaptor.activations);
  // A parameter, its gradient, two moments, the kernel's step, what is kept of an epoch and of the
  // best one, and copies on the way.
  return 4 * (12 * parameters + activations);
}

function adaptorSizes({ knowledge, adaptor }: ModelShape): {
  readonly parameters: number;
  readonly activations: number;
} {
  if (knowledge === null || adaptor === null) return { parameters: 0, activations: 0 };
  const experts = adaptor.sharedExperts + adaptor.specificExperts;
  const width = adaptor.layers.reduce((sum, size) => sum + size, 0);
  const dims = knowledge.userDim + knowledge.itemDim;
  return { parameters: dims * experts * width, activations: dims + 6 * experts * width };
}
