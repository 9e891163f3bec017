import type { StageTask } from "../../../src/runner.js";
import { quality, type Quality } from "../metrics.js";
import type { CtrData, Split } from "../data/load.js";
import { paramsOf, type CtrParams } from "../settings.js";
import type { Checkpoint, Progress } from "./checkpoint.js";
import { ReplicaState } from "./state.js";

const fresh: Progress = {
  epochs: 0,
  bestEpoch: 0,
  bestAuc: -1,
  curves: [],
  trainSeconds: 0,
  trainSamples: 0,
};

/** One cell on its way through training: its own curves, best weights and end. */
export class Cell {
  readonly params: CtrParams;
  progress: Progress;
  /** State to go on from; null before the first epoch. */
  state: ReplicaState | null;
  /** State of the best epoch. */
  best: ReplicaState;

  constructor(
    readonly task: StageTask,
    checkpoint: Checkpoint | null,
  ) {
    this.params = paramsOf(task.params);
    this.progress = checkpoint?.progress ?? fresh;
    this.state = checkpoint?.state ?? null;
    this.best = checkpoint?.best ?? new ReplicaState(new Map());
  }

  /** True once no further epoch is to be run. */
  get finished(): boolean {
    const { epochs, bestEpoch } = this.progress;
    return (
      epochs >= this.params.epochs || (epochs > 0 && epochs - bestEpoch >= this.params.patience)
    );
  }

  /** Name of the split that picks the epoch. */
  get picking(): "valid" | "test" {
    return this.params.pick;
  }

  /**
   * Takes an epoch's outcome in; returns its row of the curves.
   * Throws a RangeError where loss or scores are no numbers.
   */
  record(epoch: {
    readonly loss: number;
    readonly rate: number;
    readonly scores: Float32Array;
    readonly split: Split;
    readonly state: ReplicaState;
    readonly seconds: number;
    readonly samples: number;
  }): { readonly [name: string]: number } {
    const number = this.progress.epochs + 1;
    if (!Number.isFinite(epoch.loss))
      throw new RangeError(`the loss of epoch ${number} is not a number`);
    const found = quality(epoch.scores, epoch.split.labels, epoch.split.users);
    const row = {
      epoch: number,
      "train.loss": epoch.loss,
      ...qualityMetrics(this.picking, found),
      learning_rate: epoch.rate,
    };
    const auc = found.auc ?? 0;
    const better = auc > this.progress.bestAuc;
    if (better) this.best = weightsOf(epoch.state);
    this.state = epoch.state;
    this.progress = {
      epochs: number,
      bestEpoch: better ? number : this.progress.bestEpoch,
      bestAuc: better ? auc : this.progress.bestAuc,
      curves: [...this.progress.curves, row],
      trainSeconds: this.progress.trainSeconds + epoch.seconds,
      trainSamples: this.progress.trainSamples + epoch.samples,
    };
    return row;
  }
}

/** Metrics by dotted name, those without a value left out. */
export function qualityMetrics(
  split: "valid" | "test",
  { auc, logloss, gauc }: Quality,
): { [name: string]: number } {
  return {
    ...(auc === undefined ? {} : { [`${split}.auc`]: auc }),
    [`${split}.logloss`]: logloss,
    ...(gauc === undefined ? {} : { [`${split}.gauc`]: gauc }),
  };
}

/** The parts of a state that scoring needs. */
const weightsOf = (state: ReplicaState): ReplicaState =>
  new ReplicaState(
    new Map([...state.tensors].filter(([name]) => /^(parameter|state)\//.test(name))),
  );

/** The split that picks the epoch. */
export const pickingSplit = (data: CtrData): Split => data.valid ?? data.test;
