import { tf, type Variable } from "../tensorflow.js";
import { whole } from "../data/batch.js";
import type { Columns } from "../data/columns.js";
import { EagerExecutor } from "../graph/eager.js";
import type { Executor, FunctionSpec } from "../graph/executor.js";
import { GraphSession } from "../graph/session.js";
import type { Rewrites } from "../rewrites/index.js";
import type { Device } from "../device.js";
import type { BuildModel, Model, ModelShape } from "../model.js";
import { AdamW, type ReplicaRule } from "./adamw.js";
import { DistinctIds, type DistinctSizes } from "./distinct.js";
import { dropoutNoise } from "./noise.js";
import { lossOf } from "./pass.js";
import { exampleRow, Scoring } from "./scoring.js";
import { Snapshots, type Copy } from "./snapshots.js";
import type { Part, ReplicaState } from "./state.js";
import { UnseenUsers } from "./unseen.js";
import { sliceRows } from "./slice-rows.js";
import { trainingStep } from "./step.js";

/** One cell as the trainer sees it. */
export interface Replica extends ReplicaRule {
  readonly seed: number;
  readonly dropout: number;
}

/** The settings of a trainer. */
export interface TrainerOptions {
  readonly device: Device;
  /** The rewrites that may be used, by default all. */
  readonly rewrites?: Rewrites;
  readonly shape: ModelShape;
  readonly buildModel: BuildModel;
  readonly replicas: readonly Replica[];
  readonly columns: Columns;
  readonly batchSize: number;
  /** Training samples of an epoch. */
  readonly samples: number;
  /** [U + 1]: whether the user has training samples. */
  readonly seenUsers: readonly boolean[];
  /** How samples are scored, see {@link ScoringOptions}. */
  readonly scoreBatch: number;
  readonly pieceSize: number;
  /** Room for the different users and items of a batch, or null to take every sample's own. */
  readonly distinct: DistinctSizes | null;
  /** Pieces of a step, see {@link PassOptions}. */
  readonly pieces: number;
  /** True where every sample has a history of full length before it. */
  readonly fullHistory: boolean;
  readonly engine: "auto" | "graph" | "eager";
  readonly xla: boolean;
  /** Whether all replicas are at the same optimizer step. */
  readonly sameStep: boolean;
  /** Called with the reason if a model runs eagerly although a graph was wanted. */
  readonly onFallback?: (reason: string) => void;
}

/** Trains and scores R replicas of one model. */
export class Trainer {
  readonly model: Model;
  readonly optimizer: AdamW;
  readonly executor: Executor;
  readonly #options: TrainerOptions;
  readonly #scoring: Scoring;
  readonly #snapshots: Snapshots;
  readonly #own: readonly Variable[];
  readonly #unseen: UnseenUsers | null;
  readonly #order: Variable;
  readonly #lossSum: Variable;
  readonly #distinct: DistinctIds | null;
  /** The number of steps that one call does, at most. */
  readonly stepsAtOnce: number;

  private constructor(
    options: TrainerOptions,
    parts: {
      model: Model;
      optimizer: AdamW;
      executor: Executor;
      scoring: Scoring;
      snapshots: Snapshots;
      order: Variable;
      lossSum: Variable;
      distinct: DistinctIds | null;
      unseen: UnseenUsers | null;
      atOnce: number;
    },
  ) {
    this.stepsAtOnce = parts.atOnce;
    this.#options = options;
    this.model = parts.model;
    this.optimizer = parts.optimizer;
    this.executor = parts.executor;
    this.#scoring = parts.scoring;
    this.#snapshots = parts.snapshots;
    this.#order = parts.order;
    this.#lossSum = parts.lossSum;
    this.#distinct = parts.distinct;
    this.#unseen = parts.unseen;
    this.#own = [parts.order, parts.lossSum];
  }

  static async create(options: TrainerOptions): Promise<Trainer> {
    const { replicas, shape, columns, batchSize, samples } = options;
    const count = replicas.length;
    const model = options.buildModel(
      shape,
      replicas.map(({ seed }) => seed),
      options.device,
      options.rewrites,
    );
    const { rewrites } = model;
    // XLA fuses the optimizer's single operations itself, and has no step in place.
    const kernel = rewrites.has("adam-kernel") && options.engine !== "eager" && !options.xla;
    const { sameStep } = options;
    const optimizer = new AdamW(model.parameters, replicas, { kernel, sameStep });
    // Until an epoch begins, rows that do have a history: tracing works on them.
    const order = tf.tidy(() =>
      tf.variable(
        tf.fill(
          [count, samples],
          exampleRow(shape, options.fullHistory),
          columns.item.dtype as "int32",
        ),
        false,
      ),
    );
    const lossSum = tf.tidy(() => tf.variable(tf.zeros([count]), false));
    const room = rewrites.has("distinct-ids") ? options.distinct : null;
    // In eager mode no operations would run side by side.
    let pieces = options.engine === "eager" || !rewrites.has("pieces") ? 1 : options.pieces;
    // When compiled, many steps are one program, and the host cannot act between them.
    const distinct =
      room === null || samples < batchSize || options.xla
        ? null
        : new DistinctIds(columns, room, batchSize, count, samples);
    const step = (size: number, narrow = false): FunctionSpec => ({
      inputs: [{ shape: [2], dtype: "int32" }],
      run: ([begin], kernels) => {
        const rows = whole(sliceRows(order, begin!, [count, size]));
        const noise = dropoutNoise(replicas, optimizer.step);
        const { fullHistory } = options;
        const ids = narrow ? distinct!.of(begin!) : null;
        const pass = { fullHistory, pieces, distinct: ids, noise };
        trainingStep(model, optimizer, lossSum, kernels, () => lossOf(model, columns, rows, pass));
        return [];
      },
    });
    const tail = samples % batchSize;
    const functions: { [name: string]: FunctionSpec } = {};
    if (samples >= batchSize) functions["step"] = step(batchSize);
    if (distinct !== null) functions["narrow_step"] = step(batchSize, true);
    const atOnce = options.xla ? stepsAtOnce(Math.floor(samples / batchSize)) : 1;
    if (atOnce > 1) {
      functions["steps"] = { ...step(batchSize), loop: { times: atOnce, stride: [0, batchSize] } };
    }
    if (tail > 0) functions["last_step"] = step(tail);
    const scoring = new Scoring(model, columns, options);
    const snapshots = new Snapshots(changing(model, optimizer), count);
    const unseen = UnseenUsers.of(model, options.seenUsers);
    const all = {
      ...functions,
      ...scoring.functions,
      ...snapshots.functions,
      ...unseen?.functions,
    };
    const onFallback = (reason: string): void => {
      pieces = 1;
      options.onFallback?.(reason);
    };
    const executor = await makeExecutor(all, { ...options, onFallback });
    const parts = { model, optimizer, executor, scoring, snapshots, order, lossSum, atOnce };
    return new Trainer(options, { ...parts, distinct, unseen });
  }

  /** Optimizer steps of an epoch. */
  get stepsPerEpoch(): number {
    return Math.ceil(this.#options.samples / this.#options.batchSize);
  }

  /** Sets each replica's order of rows for the epoch that begins. */
  begin(orders: readonly Int32Array[]): void {
    const { samples, replicas } = this.#options;
    const all = new Int32Array(replicas.length * samples);
    orders.forEach((order, replica) => all.set(order, replica * samples));
    const ids = this.#distinct?.begin(orders) ?? { variables: [], values: [] };
    this.executor.write(
      [this.#order, this.#lossSum, ...ids.variables],
      [all, new Float32Array(replicas.length), ...ids.values],
    );
  }

  /**
   * Optimizer steps of all replicas from the epoch's batch `index` on: as many as one call does.
   *
   * @returns how many
   */
  advance(index: number): number {
    const { samples, batchSize } = this.#options;
    const at = Int32Array.of(0, index * batchSize);
    const whole = Math.floor(samples / batchSize) - index;
    if (this.stepsAtOnce > 1 && whole >= this.stepsAtOnce) {
      this.executor.run("steps", [at]);
      return this.stepsAtOnce;
    }
    const narrow = this.#distinct?.fits(index) === true;
    this.executor.run(whole < 1 ? "last_step" : narrow ? "narrow_step" : "step", [at]);
    return 1;
  }

  /** Mean loss of each replica over the samples of the epoch, once all its steps are done. */
  losses(): number[] {
    const [sums] = this.executor.read([this.#lossSum]);
    return [...sums!].map((sum) => sum / this.#options.samples);
  }

  /** Scores of all replicas for samples given by row, in [0, 1]; each [rows.length]. */
  score(rows: Int32Array): Float32Array[] {
    this.#unseen?.fill(this.executor);
    return this.#scoring.score(this.executor, rows);
  }

  /** Keeps the state of all replicas as it is now. */
  keep(): void {
    this.#unseen?.fill(this.executor);
    this.#snapshots.keep(this.executor);
  }

  /** What is kept becomes the best of the replicas given. */
  markBest(replicas: readonly number[]): void {
    this.#snapshots.markBest(this.executor, replicas);
  }

  /** Gives these replicas their best weights back, to score with them. Their training is over. */
  recallBest(replicas: readonly number[]): void {
    this.#snapshots.recallBest(this.executor, replicas);
  }

  /** One replica's state as kept, or its best weights. */
  copy(which: Copy, replica: number): ReplicaState {
    return this.#snapshots.read(this.executor, which, replica);
  }

  /** Puts states and best weights back, one of each a replica, null for what stays as it is. */
  restore(states: readonly (ReplicaState | null)[], best: readonly (ReplicaState | null)[]): void {
    this.#snapshots.restore(this.executor, states, best);
  }

  /** Trainable numbers of one replica. */
  get parameterCount(): number {
    return this.model.parameters.reduce(
      (sum, { variable }) => sum + variable.size / this.model.replicas,
      0,
    );
  }

  dispose(): void {
    this.executor.dispose();
    this.#scoring.dispose();
    this.#snapshots.dispose();
    this.#distinct?.dispose();
    this.#unseen?.dispose();
    this.optimizer.dispose();
    this.model.dispose();
    for (const variable of this.#own) variable.dispose();
  }
}

/** Everything that training changes. */
function changing({ parameters, state }: Model, { slots, step }: AdamW): Part[] {
  return [
    ...parameters.map(({ name, variable }) => ({ name: `parameter/${name}`, variable })),
    ...state.map(({ name, variable }) => ({ name: `state/${name}`, variable })),
    ...slots.flatMap(({ parameter, first, second }) => [
      { name: `first/${parameter.name}`, variable: first },
      { name: `second/${parameter.name}`, variable: second },
    ]),
    { name: "step", variable: step },
  ];
}

/** A graph, or where that can't be made and `auto` was asked for, operation by operation. */
export async function makeExecutor(
  functions: { readonly [name: string]: FunctionSpec },
  { engine, xla, onFallback }: Pick<TrainerOptions, "engine" | "xla" | "onFallback">,
): Promise<Executor> {
  if (engine === "eager") return new EagerExecutor(functions);
  try {
    return await GraphSession.create(functions, { xla });
  } catch (error) {
    if (engine === "graph") throw error;
    onFallback?.((error as Error).message);
    return new EagerExecutor(functions);
  }
}

/** Steps of one compiled call: some dozens, so that few of an epoch's are left over. */
function stepsAtOnce(steps: number): number {
  let best = Math.min(steps, 1);
  for (let count = Math.min(steps, 64); count >= Math.min(steps, 16); count--) {
    if (best <= 1 || steps % count < steps % best) best = count;
  }
  return best;
}
