import { Drained } from "../../../../src/contract/runner.js";
import type { CtrData } from "../data/load.js";
import type { ModelShape } from "../model.js";
import { Background } from "./background.js";
import { pickingSplit, type Cell } from "./cell.js";
import { Checkpoints } from "./checkpoints.js";
import type { Judged } from "../metrics.js";
import type { Companion } from "./companion.js";
import { publishCell } from "./publish.js";
import { rateAt, rateOf } from "./schedule.js";
import type { ReplicaState } from "./state.js";
import type { EpochTrainer } from "./epoch.js";
import type { EpochSamples } from "./epoch-samples.js";

/** The longest time in which the process reads no messages while it trains, in milliseconds. */
const longestSilence = 200;

/** An epoch that is over, but whose metrics may not be computed yet. */
interface Outcome {
  /** The cells it was trained for, with each one's loss. */
  readonly losses: ReadonlyMap<Cell, number>;
  readonly seconds: number;
  readonly judged: Promise<Judged[]>;
  arrived: boolean;
}

/**
 * One run: the epochs that one model trains for the cells of a group. Some cells end before the
 * others. While an epoch's metrics are computed, the next epoch trains already. If the metrics then
 * say that a cell has ended, what the next epoch did to that cell is ignored.
 */
export class Run {
  /** Whether it ended because the trainer has no room for the next epoch. */
  outgrown = false;
  readonly #open: Set<Cell>;
  readonly #background = new Background();
  /** The last epoch, until its metrics have been applied to the cells. */
  #undecided: Outcome | null = null;
  /** Samples of the next epoch. */
  #next: Promise<EpochSamples>;
  /** Epochs begun. */
  #begun = 0;
  /**
   * Seconds that the first epoch and the last one took, scoring included. In the first, TensorFlow sets the
   * graph up and XLA compiles it.
   */
  #seconds: { readonly first: number; readonly last: number | null } | null = null;
  #heard = performance.now();
  readonly #checkpoints: Checkpoints;
  readonly #first: readonly number[];

  constructor(
    readonly trainer: EpochTrainer,
    readonly companion: Companion,
    readonly data: CtrData,
    readonly shape: ModelShape,
    readonly cells: readonly Cell[],
  ) {
    this.#open = new Set(cells);
    this.#first = cells.map(({ progress }) => progress.epochs);
    this.#next = this.#nextSamples();
    this.#checkpoints = new Checkpoints(trainer, cells, this.#background);
    const values = {
      parameters: trainer.parameterCount,
      engine: trainer.session.kind,
      replicas: cells.length,
      train_samples: data.train.length,
    };
    for (const { task } of cells) task.emit({ type: "facts", values });
  }

  /**
   * Trains epochs until no cell is open, until a smaller model saves more time than it takes to
   * make, or until the trainer has no room for an epoch's users and items ({@link outgrown}). Returns the
   * cells that are still open, each with its state.
   *
   * @param making seconds that a model and its graph take to make
   */
  async epochs(making: number): Promise<Cell[]> {
    try {
      await this.#endFinished();
      while (this.#open.size > 0 && !this.#smallerPays(making)) {
        if (!this.trainer.hasRoom(await this.#next)) {
          this.outgrown = true;
          break;
        }
        await this.#epoch();
      }
      await this.#decide();
    } finally {
      await this.#background.done();
    }
    this.#background.check();
    const open = [...this.#open];
    for (const cell of open) cell.held = this.trainer.held(this.cells.indexOf(cell));
    return open;
  }

  /**
   * Whether a new trainer without the slots of finished cells saves more time than it costs: making it, and
   * what its first epoch takes more than the others.
   */
  #smallerPays(making: number): boolean {
    const ended = this.cells.length - this.#open.size;
    const { first = 0, last = null } = this.#seconds ?? {};
    if (ended === 0 || last === null) return false;
    // Cells whose last epochs were no better mostly end as they are. Counting their whole patience made
    // smaller models for one more epoch. The epoch whose metrics are not there yet is trained already.
    const trained = this.#undecided === null ? 0 : 1;
    const left = Math.max(...[...this.#open].map(({ epochsLeft }) => epochsLeft)) - trained;
    return (ended / this.cells.length) * last * left > making + first - last;
  }

  #nextSamples(): Promise<EpochSamples> {
    const of = this.cells.map(({ params }, replica) => ({
      seed: params.seed,
      epoch: this.#first[replica]! + this.#begun,
    }));
    const samples = this.companion.samples(of, this.trainer.layout);
    // If training ends earlier, nothing waits for them.
    samples.catch(() => undefined);
    return samples;
  }

  async #epoch(): Promise<void> {
    const { trainer, data } = this;
    const samples = await this.#next;
    this.#begun++;
    this.#next = this.#nextSamples();
    const steps = trainer.stepsPerEpoch;
    let training = 0;
    const timed = <T>(work: () => T): T => {
      const started = performance.now();
      const result = work();
      training += performance.now() - started;
      return result;
    };
    timed(() => trainer.begin(samples));
    for (let done = 0; done < steps;) {
      done += timed(() => trainer.advance(done));
      await this.#between(done / steps);
      if (this.#open.size === 0) return;
    }
    const losses = timed(() => trainer.losses());
    await this.#decide();
    await this.#stopIfAsked();
    if (this.#open.size === 0) return;
    const started = performance.now();
    trainer.keep();
    const scores = trainer.score(pickingSplit(data).rows);
    const took = (training + performance.now() - started) / 1000;
    this.#seconds =
      this.#seconds === null ? { first: took, last: null } : { ...this.#seconds, last: took };
    const replicas = this.cells.flatMap((cell, i) => (this.#open.has(cell) ? [i] : []));
    const outcome: Outcome = {
      losses: new Map(replicas.map((replica) => [this.cells[replica]!, losses[replica]!])),
      seconds: training / 1000,
      judged: this.companion.judge(
        "picking",
        replicas.map((replica) => scores[replica]!),
      ),
      arrived: false,
    };
    this.#background.add(outcome.judged.then(() => void (outcome.arrived = true)));
    this.#undecided = outcome;
    this.#tellProgress(0);
    const last = [...this.#open].every(({ params, progress }) => {
      return progress.epochs + 1 >= params.epochs;
    });
    if (last) await this.#decide();
  }

  /** Between steps: lets messages in, tells how far the epoch is, and stops where asked to. */
  async #between(share: number): Promise<void> {
    const now = performance.now();
    const silent = now - this.#heard >= longestSilence;
    if (!silent && !this.#background.busy) return;
    if (silent) {
      this.#heard = now;
      this.#tellProgress(share);
    }
    await new Promise((resolve) => setImmediate(resolve));
    this.#background.check();
    if (this.#undecided?.arrived === true) await this.#decide();
    await this.#stopIfAsked();
  }

  #tellProgress(share: number): void {
    const more = (this.#undecided === null ? 0 : 1) + share;
    for (const { task, progress, params } of this.#open) {
      const total = params.epochs;
      const done = Math.min(progress.epochs + more, total);
      const amount = { count: Math.round(done * this.data.train.length), unit: "samples" };
      task.emit({ type: "progress", done, total, unit: "epochs", amount });
    }
  }

  /** Applies the metrics of the last epoch: keeps best weights, ends cells, writes a checkpoint. */
  async #decide(): Promise<void> {
    const outcome = this.#undecided;
    if (outcome === null) return;
    const { losses, seconds } = outcome;
    const judged = await outcome.judged;
    this.#undecided = null;
    const better: number[] = [];
    for (const [i, [cell, loss]] of [...losses].entries()) {
      const { params, progress, task } = cell;
      const epoch = progress.epochs + 1;
      const { stepsPerEpoch } = this.trainer;
      try {
        const { epoch: step, ...values } = cell.record({
          loss,
          rate: rateAt(rateOf(params, stepsPerEpoch), epoch * stepsPerEpoch - 1),
          judged: judged[i]!,
          // Each cell gets a share of the group's time, so that the cells' seconds add up to the
          // group's time.
          seconds: seconds / this.cells.length,
          samples: this.data.train.length,
        });
        task.emit({ type: "metrics", step: step!, values });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        await this.#fail(cell, error.message);
      }
      if (cell.progress.bestEpoch === epoch) better.push(this.cells.indexOf(cell));
      cell.held = null;
    }
    if (better.length > 0) this.trainer.markBest(better);
    await this.#endFinished();
    if (this.#checkpoints.due) this.#checkpoints.save(this.#open);
  }

  async #fail(cell: Cell, message: string): Promise<void> {
    this.#open.delete(cell);
    const advice = "try a smaller ctr.learning_rate, or ctr.clip_norm";
    await cell.task.fail({ kind: "spec", message: `training diverged: ${message}; ${advice}` });
  }

  /** Tests and publishes the finished cells, with their best weights. */
  async #endFinished(): Promise<void> {
    const ended = [...this.#open].filter((cell) => cell.finished);
    if (ended.length === 0) return;
    const { trainer, data, cells } = this;
    const replicas = ended.map((cell) => cells.indexOf(cell));
    trainer.recallBest(replicas);
    const scores = trainer.score(data.test.rows);
    for (const [i, cell] of ended.entries()) {
      this.#open.delete(cell);
      this.#background.add(
        this.#publish(cell, scores[replicas[i]!]!, trainer.copy("best", replicas[i]!)),
      );
    }
  }

  async #publish(cell: Cell, scores: Float32Array, best: ReplicaState): Promise<void> {
    const [judged] = await this.companion.judge("test", [scores.slice()]);
    if ("fault" in judged!) return this.#fail(cell, judged.fault);
    // A checkpoint that is still being written would be put into a folder that no longer exists.
    await this.#checkpoints.written().catch(() => undefined);
    const { shape, trainer } = this;
    const parameters = trainer.parameterCount;
    await publishCell(cell, this.data, { best, scores, quality: judged!, shape, parameters });
  }

  /** Ends the run where a task was told to stop: at once, or with all epochs done saved. */
  async #stopIfAsked(): Promise<void> {
    const stops = [...this.#open].map(({ task }) => task.stop);
    if (stops.some(({ abort }) => abort.aborted)) throw new Drained();
    if (!stops.some(({ draining }) => draining)) return;
    await this.#decide();
    await this.#checkpoints.written();
    this.#checkpoints.save(this.#open);
    await this.#background.done();
    this.#background.check();
    throw new Drained();
  }
}
