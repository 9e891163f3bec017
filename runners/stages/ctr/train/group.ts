import { Drained, type StageTask } from "../../../../src/contract/runner.js";
import { makeColumns, type Columns } from "../data/columns.js";
import { positionsOf } from "../data/interactions.js";
import type { Device } from "../device.js";
import type { CtrData } from "../data/load.js";
import type { BuildModel, ModelShape } from "../model.js";
import type { CtrExecution, CtrParams } from "../settings.js";
import { Cell, pickingSplit } from "./cell.js";
import { readCheckpoint } from "./checkpoint.js";
import { Companion } from "./companion.js";
import { rateOf } from "./schedule.js";
import { giveUp, keepSpare, spareKey, takeSpare } from "./spare.js";
import { deviceOfProcess } from "../tensorflow.js";
import {
  compilesScoring,
  piecesOfStep,
  replicasAtOnce,
  roomForDistinct,
  scoringSizes,
  useXla,
} from "./tuning.js";
import { EpochTrainer } from "./epoch.js";
import type { DistinctSizes } from "./room.js";
import type { Replica } from "./steps.js";
import { Run } from "./run.js";
import { seenUsers } from "../data/seen.js";

/** Cells of one shape over one data set: they can train as one graph. */
export interface Group {
  readonly tasks: readonly StageTask<CtrParams, CtrExecution>[];
  readonly data: CtrData;
  readonly shape: ModelShape;
  readonly buildModel: BuildModel;
}

/** Room for a batch's different users and items, or null to take every sample's own. */
type Room = (xla: boolean) => DistinctSizes | null;

/**
 * Trains cells of one shape, one group after another: a group is as many cells as save time when they
 * train as one graph.
 */
export async function trainInGroups(all: Group): Promise<void> {
  const device = deviceOfProcess();
  const { tasks, shape, data } = all;
  if (device.kind === "cpu" && tasks[0]!.resources.gpus.length > 0) {
    const message =
      "TensorFlow does not see the GPU that this stage was given, and computes on the CPU; `r4ec doctor` says more";
    for (const task of tasks) task.emit({ type: "note", severity: "warning", message });
  }
  const { batch_size: batchSize } = tasks[0]!.params;
  const size = replicasAtOnce(device, shape, batchSize, tasks.length);
  const room: Room = (xla) => roomForDistinct(device, data, batchSize, xla);
  for (let at = 0; at < tasks.length; at += size) {
    await trainGroup(device, { ...all, tasks: tasks.slice(at, at + size) }, room);
  }
}

/**
 * Trains one group, in one run or several. Each cell publishes or fails on its own, as soon as it is
 * finished.
 */
export async function trainGroup(device: Device, group: Group, roomOf: Room): Promise<void> {
  const { tasks, data } = group;
  const cells = await Promise.all(tasks.map(openCell));
  const key = spareKey(device, tasks);
  const spare = await takeSpare(key);
  const { columns, companion } = spare ?? {
    columns: columnsOf(device, data),
    companion: new Companion(data),
  };
  let trainer = spare?.trainer ?? null;
  try {
    let open = cells;
    let xla: boolean | undefined;
    let wide = false;
    while (open.length > 0) {
      const { xla: setting } = open[0]!.task.execution;
      xla ??= useXla(device, setting, open, data.train.length);
      const before = open.map(({ progress }) => progress);
      const room = wide ? null : roomOf(xla);
      const keep = key !== null && !wide;
      const equipment = { device, group, columns, companion, trainer, keep, xla, room };
      trainer = null;
      try {
        const end = await trainRun(equipment, open);
        ({ open, trainer } = end);
        wide ||= end.outgrown;
      } catch (error) {
        // If XLA cannot compile the model, the first step fails, before anything is recorded.
        const untouched = open.every((cell, i) => cell.progress === before[i] && !cell.finished);
        if (!xla || setting !== "auto" || !untouched || error instanceof Drained) throw error;
        xla = false;
        const message = `XLA could not compile the model, training goes on without: ${(error as Error).message}`;
        for (const { task } of open) task.emit({ type: "note", severity: "warning", message });
      }
    }
  } finally {
    if (key !== null && trainer !== null) keepSpare(key, { columns, companion, trainer });
    else await giveUp({ columns, companion, trainer });
  }
}

function columnsOf(device: Device, data: CtrData): Columns {
  const interactions = {
    ...data.dataset,
    position: positionsOf(data.dataset),
    fieldTables: data.fields?.tables ?? null,
  };
  return makeColumns(device, interactions, data.knowledge);
}

async function openCell(task: Group["tasks"][number]): Promise<Cell> {
  const checkpoint = await readCheckpoint(task.work);
  if (checkpoint === "unreadable") {
    const message = "the checkpoint can't be read; training starts from the beginning";
    task.emit({ type: "note", severity: "warning", message });
    return new Cell(task, null);
  }
  return new Cell(task, checkpoint);
}

/** What a run of a group is given. */
interface RunEquipment {
  readonly device: Device;
  readonly group: Group;
  readonly columns: Columns;
  readonly companion: Companion;
  /** One that was made for an equal cell, or null to make one. */
  readonly trainer: EpochTrainer | null;
  /** Whether another cell may go on with the trainer. */
  readonly keep: boolean;
  readonly xla: boolean;
  readonly room: DistinctSizes | null;
}

/** How a run of a group ended. */
interface RunEnd {
  /** The cells that are not finished. */
  readonly open: Cell[];
  /** Where it is to be kept. */
  readonly trainer: EpochTrainer | null;
  /** Whether the next epoch needs a trainer that takes every sample's own vectors. */
  readonly outgrown: boolean;
}

/**
 * Trains the cells for one run: until it saves time to make a smaller model for those that are left, or an
 * epoch needs another.
 */
async function trainRun(
  { companion, trainer: given, keep, ...making }: RunEquipment,
  cells: readonly Cell[],
): Promise<RunEnd> {
  const { group } = making;
  const { data, shape } = group;
  const started = performance.now();
  const trainer = given ?? (await makeTrainer(making, cells));
  let kept = false;
  try {
    if (given !== null) trainer.restart(cells.map(({ params }) => params.seed));
    trainer.restore(
      cells.map(({ held }) => held?.state ?? null),
      cells.map(({ held }) => held?.best ?? null),
    );
    const seconds = (performance.now() - started) / 1000;
    const run = new Run(trainer, companion, data, shape, cells);
    const open = await run.epochs(seconds);
    const { outgrown } = run;
    kept = keep && !outgrown && trainer.session.kind === "graph";
    return { open, trainer: kept ? trainer : null, outgrown };
  } finally {
    if (!kept) trainer.dispose();
  }
}

/** A trainer of these cells, with a model of its own. */
async function makeTrainer(
  {
    device,
    group,
    columns,
    xla,
    room,
  }: Pick<RunEquipment, "device" | "group" | "columns" | "xla" | "room">,
  cells: readonly Cell[],
): Promise<EpochTrainer> {
  const { data, shape, buildModel } = group;
  const { batch_size: batchSize } = cells[0]!.params;
  const samples = data.train.length;
  const stepsPerEpoch = Math.ceil(samples / batchSize);
  const { execution } = cells[0]!.task;
  return EpochTrainer.create({
    device,
    shape,
    buildModel,
    columns,
    batchSize,
    samples,
    seenUsers: seenUsers(data),
    ...scoringSizes(device, cells.length, data.test.rows.length),
    counts: [pickingSplit(data).rows.length, data.test.rows.length],
    compileScoring: compilesScoring(cells, pickingSplit(data).rows.length),
    distinct: room,
    pieces: piecesOfStep(device, batchSize),
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
