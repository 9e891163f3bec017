import type { StageTask } from "../../../../src/contract/runner.js";
import { qualityNames } from "../metric-names.js";
import type { Quality } from "../metrics.js";
import type { CtrData, Split } from "../data/load.js";
import type { CtrExecution, CtrParams } from "../settings.js";
import type { Checkpoint, Progress } from "./checkpoint.js";
import type { Judged } from "../metrics.js";
import type { ReplicaState } from "./state.js";

const fresh: Progress = {
  epochs: 0,
  bestEpoch: 0,
  bestAuc: -1,
  curves: [],
  trainSeconds: 0,
  trainSamples: 0,
};

/** One cell during training: its curves, its best epoch and its end. */
export class Cell {
  readonly params: CtrParams;
  progress: Progress;
  /**
   * The state to continue from, until a trainer has continued from it; null before the first epoch.
   */
  held: { readonly state: ReplicaState; readonly best: ReplicaState } | null;
  /** The progress that its checkpoint holds. */
  saved: Progress;

  constructor(
    readonly task: StageTask<CtrParams, CtrExecution>,
    checkpoint: Checkpoint | null,
  ) {
    this.params = task.params;
    this.progress = checkpoint?.progress ?? fresh;
    this.saved = this.progress;
    this.held = checkpoint;
  }

  /** True if the cell needs no further epoch. */
  get finished(): boolean {
    return this.epochsLeft <= 0;
  }

  /** Epochs that it still needs if none of them is better than its best one. */
  get epochsLeft(): number {
    const { epochs, bestEpoch } = this.progress;
    return Math.min(this.params.epochs - epochs, this.params.patience - (epochs - bestEpoch));
  }

  /** Name of the split that picks the epoch. */
  get picking(): "valid" | "test" {
    return this.params.pick;
  }

  /**
   * Records the result of an epoch and returns its row of the curves. If {@link Progress.bestEpoch}
   * is then the number of this epoch, it is the best so far. Throws a RangeError if the loss or the
   * scores are not numbers.
   */
  record(epoch: {
    readonly loss: number;
    readonly rate: number;
    readonly judged: Judged;
    readonly seconds: number;
    readonly samples: number;
  }): { readonly [name: string]: number } {
    const number = this.progress.epochs + 1;
    if (!Number.isFinite(epoch.loss))
      throw new RangeError(`the loss of epoch ${number} is not a number`);
    if ("fault" in epoch.judged) throw new RangeError(epoch.judged.fault);
    const row = {
      epoch: number,
      "train.loss": epoch.loss,
      ...qualityMetrics(this.picking, epoch.judged),
      learning_rate: epoch.rate,
    };
    const auc = epoch.judged.auc ?? 0;
    const better = auc > this.progress.bestAuc;
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

/** Metrics by dotted name, without those that have no value. */
export function qualityMetrics(
  split: "valid" | "test",
  { auc, logloss, gauc }: Quality,
): { [name: string]: number } {
  const names = qualityNames(split);
  return {
    ...(auc === undefined ? {} : { [names.auc]: auc }),
    [names.logloss]: logloss,
    ...(gauc === undefined ? {} : { [names.gauc]: gauc }),
  };
}

/** The split that picks the epoch. */
export const pickingSplit = (data: CtrData): Split => data.valid ?? data.test;
