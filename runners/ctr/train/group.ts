import { Drained, type StageTask } from "../../../src/runner.js";
import type { TensorFlow as tf } from "../../tensorflow.js";
import { makeColumns, positionsOf, type Columns } from "../data/columns.js";
import type { CtrData } from "../data/load.js";
import type { BuildModel, ModelShape } from "../model.js";
import { executionOf } from "../settings.js";
import { Cell, pickingSplit } from "./cell.js";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { epochOrder } from "./order.js";
import { publishCell } from "./publish.js";
import { rateAt, rateOf } from "./schedule.js";
import { scoreBatchOf, useXla } from "./tuning.js";
import { Trainer, type Replica } from "./trainer.js";

/** Cells of one shape over one data set, that train as one model. */
export interface Group {
  readonly tasks: readonly StageTask[];
  readonly data: CtrData;
  readonly shape: ModelShape;
  readonly buildModel: BuildModel;
}

/** How long the process may be deaf to messages while training, in milliseconds. */
const longestSilence = 200;

/** Trains a group to its end: every cell publishes or fails by itself, as soon as it can. */
export async function trainGroup(tensorflow: typeof tf, group: Group): Promise<void> {
  const { tasks, data } = group;
  const cells = await Promise.all(tasks.map(openCell));
  const interactions = { ...data.dataset, position: positionsOf(data.dataset) };
  const columns = makeColumns(tensorflow, interactions, data.knowledge);
  try {
    let open = cells;
    let xla: boolean | undefined;
    while (open.length > 0) {
      const { xla: setting } = executionOf(open[0]!.task.execution);
      xla ??= useXla(tensorflow, setting, open, data.train.length);
      const before = open.map(({ progress }) => progress);
      try {
        open = await trainUntilChange(tensorflow, group, columns, open, xla);
      } catch (error) {
        // What XLA can't compile shows at the first step, before anything is recorded.
        const untouched = open.every((cell, i) => cell.progress === before[i] && !cell.finished);
        if (!xla || setting !== "auto" || !untouched || error instanceof Drained) throw error;
        xla = false;
        const message = `XLA could not compile the model, training goes on without: ${(error as Error).message}`;
        for (const { task } of open) task.emit({ type: "note", severity: "warning", message });
      }
    }
  } finally {
    columns.dispose();
  }
}

async function openCell(task: StageTask): Promise<Cell> {
  const checkpoint = await readCheckpoint(task.work);
  if (checkpoint === "unreadable") {
    const message = "the checkpoint can't be read; training starts from the beginning";
    task.emit({ type: "note", severity: "warning", message });
    return new Cell(task, null);
  }
  return new Cell(task, checkpoint);
}

/** Trains until the group is worth making anew for fewer cells; returns those still open. */
async function trainUntilChange(
  tensorflow: typeof tf,
  { data, shape, buildModel }: Group,
  columns: Columns,
  cells: readonly Cell[],
  xla: boolean,
): Promise<Cell[]> {
  const { batch_size: batchSize } = cells[0]!.params;
  const samples = data.train.length;
  const stepsPerEpoch = Math.ceil(samples / batchSize);
  const execution = executionOf(cells[0]!.task.execution);
  const started = performance.now();
  const trainer = await Trainer.create(tensorflow, {
    shape,
    buildModel,
    columns,
    batchSize,
    samples,
    scoreBatch: scoreBatchOf(tensorflow, cells.length, data.test.rows.length),
    replicas: cells.map((cell) => replicaOf(cell, stepsPerEpoch)),
    fullHistory: data.fullHistory,
    engine: execution.engine,
    xla,
    sameStep: cells.every((cell) => cell.progress.epochs === cells[0]!.progress.epochs),
    onFallback: (reason) => {
      const message = `the model can't be traced into a graph and runs eagerly, several times slower: ${reason}`;
      for (const { task } of cells) task.emit({ type: "note", severity: "warning", message });
    },
  });
  try {
    trainer.restore(cells.map((cell) => cell.state));
    const making = performance.now() - started;
    const training = new Training(trainer, data, shape, cells);
    return await training.run(making);
  } finally {
    trainer.dispose();
  }
}

function replicaOf({ params }: Cell, stepsPerEpoch: number): Replica {
  return {
    seed: params.seed,
    dropout: params.dropout,
    weightDecay: params.weight_decay,
    clipNorm: params.clip_norm,
    rate: rateOf(params, stepsPerEpoch),
  };
}

/** The epochs of one trainer over its cells, some of which end before the others. */
class Training {
  readonly #open: Set<Cell>;
  /** Seconds that the last checkpoints took, and when they were written. */
  #writing = 0;
  #written = -Infinity;
  readonly #saved = new Map<Cell, Cell["progress"]>();

  constructor(
    readonly trainer: Trainer,
    readonly data: CtrData,
    readonly shape: ModelShape,
    readonly cells: readonly Cell[],
  ) {
    this.#open = new Set(cells);
    const values = {
      parameters: trainer.parameterCount,
      engine: trainer.executor.kind,
      replicas: cells.length,
      train_samples: data.train.length,
    };
    for (const { task } of cells) task.emit({ type: "facts", values });
  }

  /** Runs epochs; returns the open cells once a smaller trainer would pay, or none are left. */
  async run(making: number): Promise<Cell[]> {
    await this.#endFinished();
    while (this.#open.size > 0) {
      const seconds = await this.#epoch();
      await this.#endFinished();
      await this.#checkpoint();
      if (this.#smallerPays(making / 1000, seconds)) break;
    }
    return [...this.#open];
  }

  /** Whether the work saved by dropping the slots of ended cells is worth a new trainer. */
  #smallerPays(making: number, epochSeconds: number): boolean {
    const open = [...this.#open];
    const ended = this.cells.length - open.length;
    if (ended === 0 || open.length === 0) return false;
    const left = Math.max(
      ...open.map(({ params, progress }) =>
        Math.min(params.epochs - progress.epochs, params.patience),
      ),
    );
    return (ended / this.cells.length) * epochSeconds * left > making;
  }

  async #epoch(): Promise<number> {
    const { trainer, data, cells } = this;
    const orders = cells.map(({ params, progress }) =>
      epochOrder(data.train, params.seed, progress.epochs),
    );
    const steps = Math.ceil(data.train.length / cells[0]!.params.batch_size);
    let started = performance.now();
    let heard = started;
    const losses = await trainer.epoch(orders, (done) => {
      const now = performance.now();
      if (now - heard < longestSilence) return undefined;
      heard = now;
      return this.#listen(done / steps);
    });
    const seconds = (performance.now() - started) / 1000;
    started = performance.now();
    const split = pickingSplit(data);
    const scores = trainer.score(split.rows);
    const states = trainer.states();
    await Promise.all(
      cells.map(async (cell, replica) => {
        if (!this.#open.has(cell)) return;
        try {
          const rate = rateOf(cell.params, steps);
          const row = cell.record({
            loss: losses[replica]!,
            rate: rateAt(rate, (cell.progress.epochs + 1) * steps - 1),
            scores: scores[replica]!,
            split,
            state: states[replica]!,
            // A share of the group's time, so that the cells' seconds add up to it.
            seconds: seconds / cells.length,
            samples: data.train.length,
          });
          const { epoch, ...values } = row;
          cell.task.emit({ type: "metrics", step: epoch!, values });
          const total = cell.params.epochs;
          cell.task.emit({ type: "progress", done: epoch!, total, unit: "epochs" });
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          await this.#fail(cell, error.message);
        }
      }),
    );
    return seconds + (performance.now() - started) / 1000;
  }

  /** Lets messages in between steps, tells how far the epoch is, and stops where asked to. */
  async #listen(share: number): Promise<void> {
    for (const { task, progress, params } of this.#open) {
      const done = progress.epochs + share;
      task.emit({ type: "progress", done, total: params.epochs, unit: "epochs" });
    }
    await new Promise((resolve) => setImmediate(resolve));
    await this.#stopIfAsked();
  }

  /** Ends the run where a task was told to stop: at once, or with all epochs done saved. */
  async #stopIfAsked(): Promise<void> {
    const stops = [...this.#open].map(({ task }) => task.stop);
    if (stops.some(({ abort }) => abort.aborted)) throw new Drained();
    if (!stops.some(({ draining }) => draining)) return;
    await this.#save();
    throw new Drained();
  }

  async #fail(cell: Cell, message: string): Promise<void> {
    this.#open.delete(cell);
    const advice = "try a smaller ctr.learning_rate, or ctr.clip_norm";
    await cell.task.fail({ kind: "spec", message: `training diverged: ${message}; ${advice}` });
  }

  /** Tests and publishes the cells that have run their course, with their best weights. */
  async #endFinished(): Promise<void> {
    const ended = [...this.#open].filter((cell) => cell.finished);
    if (ended.length === 0) return;
    const { trainer, data, shape, cells } = this;
    trainer.restore(cells.map((cell) => (ended.includes(cell) ? cell.best : null)));
    const scores = trainer.score(data.test.rows);
    for (const cell of ended) {
      this.#open.delete(cell);
      const own = scores[cells.indexOf(cell)]!;
      await publishCell(cell, own, data, shape, trainer.parameterCount);
    }
  }

  /**
   * Saves every open cell, unless saving would take more than a twentieth of the time, which
   * matters for many large replicas on a fast card alone.
   */
  async #checkpoint(): Promise<void> {
    const now = performance.now() / 1000;
    if (now - this.#written >= 20 * this.#writing) await this.#save();
    await new Promise((resolve) => setImmediate(resolve));
    await this.#stopIfAsked();
  }

  async #save(): Promise<void> {
    const started = performance.now() / 1000;
    for (const cell of this.#open) {
      if (cell.state === null || this.#saved.get(cell) === cell.progress) continue;
      const { progress, state, best } = cell;
      await writeCheckpoint(cell.task.work, { progress, state, best });
      this.#saved.set(cell, progress);
    }
    this.#written = performance.now() / 1000;
    this.#writing = this.#written - started;
  }
}
