import { tf, type Tensor, type Variable } from "../tensorflow.js";
import { whole } from "../data/batch.js";
import type { Columns } from "../data/columns.js";
import type { MakeOptions } from "../graph/make-session.js";
import type { FunctionSpec, Session } from "../graph/session.js";
import { zerosVariable } from "../graph/zeros.js";
import type { Model, Present } from "../model.js";
import type { AdamW, ReplicaRule } from "./adamw.js";
import { DistinctIds } from "./distinct.js";
import { placesOf, type EpochLayout, type EpochSamples } from "./epoch-samples.js";
import { dropoutNoise } from "./noise.js";
import { lossInPieces } from "./piece.js";
import type { DistinctSizes } from "./room.js";
import { exampleRow } from "./scoring.js";
import { sliceRows } from "./slice-rows.js";
import { trainStep } from "./step.js";

/** What decides the training of one replica. */
export interface Replica extends ReplicaRule {
  readonly seed: number;
  readonly dropout: number;
}

/** How the steps of an epoch are made. */
export interface StepsOptions extends Pick<MakeOptions, "engine" | "xla"> {
  readonly replicas: readonly Replica[];
  readonly batchSize: number;
  /** Training samples of an epoch. */
  readonly samples: number;
  /**
   * Room for the different users and items of a batch, or null to take every sample's own. Where XLA
   * compiles, many steps are one program, which has room for no more: see {@link Steps.hasRoom}.
   */
  readonly distinct: DistinctSizes | null;
  /** Pieces of a step, see {@link PieceOptions}. */
  readonly pieces: number;
  /** True where every sample has a history of full length before it. */
  readonly fullHistory: boolean;
}

/**
 * The training steps of an epoch, as functions for a session: `step` on a whole batch, `narrow_step` on one
 * whose different users and items have room, `steps` for several batches in one call, which all have room,
 * and `last_step` for the samples that are left, unless the last batch is filled up and one of these.
 */
export class Steps {
  readonly functions: { readonly [name: string]: FunctionSpec };
  /** The number of steps that one call does, at most. */
  readonly atOnce: number;
  /** Batches of an epoch that are whole, or filled up. */
  readonly #batches: number;
  /** How the steps take an epoch's samples. */
  readonly layout: EpochLayout;
  /** Rows in the order of the epoch, whole numbers [R, n]: as many as {@link placesOf} says. */
  readonly #order: Variable;
  /** Sum of the losses of the epoch's samples so far, float32 [R]. */
  readonly #lossSum: Variable;
  readonly #distinct: DistinctIds | null;
  /** By batch of the epoch: whether its different users and items have room. */
  #fits: readonly boolean[] = [];
  readonly #options: StepsOptions;
  #pieces: number;

  constructor(model: Model, optimizer: AdamW, columns: Columns, options: StepsOptions) {
    const { replicas, batchSize, samples, fullHistory, engine, xla } = options;
    const { rewrites } = model;
    const count = replicas.length;
    this.#options = options;
    // Until an epoch begins, rows that do have a history: tracing works on them.
    const example = exampleRow(model.shape, fullHistory);
    const filled =
      xla && model.knowsPresent && rewrites.has("filled-batch") && fills(samples, batchSize);
    const places = placesOf(samples, { batchSize, filled });
    const order = tf.tidy(() =>
      tf.variable(tf.fill([count, places], example, columns.item.dtype as "int32"), false),
    );
    const lossSum = zerosVariable([count]);
    // In eager mode no operations would run side by side.
    this.#pieces = engine === "eager" || !rewrites.has("pieces") ? 1 : options.pieces;
    const batches = Math.floor(places / batchSize);
    this.#batches = batches;
    this.atOnce = xla ? stepsAtOnce(batches) : 1;
    // A second program of a step would take as long to compile as the first.
    const seeks = rewrites.has("distinct-ids") && model.adapt !== null && batches > 0;
    const room = seeks && (this.atOnce > 1 || !xla) ? options.distinct : null;
    this.layout = { batchSize, filled, floats: order.dtype === "float32", room };
    const distinct =
      room === null ? null : new DistinctIds(columns, room, batchSize, count, places);
    const step = (size: number, narrow = false): FunctionSpec => ({
      inputs: [{ shape: [2], dtype: "int32" }],
      run: ([begin], kernels) => {
        const rows = whole(sliceRows(order, begin!, [count, size]));
        const how = {
          fullHistory,
          pieces: this.#pieces,
          distinct: narrow ? distinct!.of(begin!, rows) : null,
          present: filled ? presentOf(begin!, batchSize, samples) : null,
          noise: dropoutNoise(replicas, optimizer.step),
        };
        trainStep(model, optimizer, lossSum, kernels, () =>
          lossInPieces(model, columns, rows, how),
        );
        return [];
      },
    });
    const tail = places % batchSize;
    const loop = { times: this.atOnce, stride: [0, batchSize] };
    // Compiling takes as long for one step as for a loop of them. Where there is a loop, the few steps of an
    // epoch beside it are not worth a program each.
    const beside = this.atOnce > 1 ? { compile: false } : {};
    const single = batches % this.atOnce > 0 || this.atOnce === 1;
    this.functions = {
      ...(batches > 0 && single && { step: { ...step(batchSize), ...beside } }),
      ...(distinct !== null && this.atOnce === 1 && { narrow_step: step(batchSize, true) }),
      ...(this.atOnce > 1 && { steps: { ...step(batchSize, distinct !== null), loop } }),
      ...(tail > 0 && { last_step: { ...step(tail), ...beside } }),
    };
    this.#order = order;
    this.#lossSum = lossSum;
    this.#distinct = distinct;
  }

  /** For a session that runs operation by operation: pieces would not run side by side. */
  takeWholeBatches(): void {
    this.#pieces = 1;
  }

  /** Optimizer steps of an epoch. */
  get perEpoch(): number {
    return Math.ceil(this.#options.samples / this.#options.batchSize);
  }

  /**
   * Whether the steps can do an epoch of these samples. They can't where a batch without room would be
   * one of a call of many: that happens once in about 10⁹ batches.
   */
  hasRoom({ distinct }: EpochSamples): boolean {
    return this.atOnce === 1 || distinct === null || distinct.fits.every(Boolean);
  }

  /** Begins an epoch of these samples, which are laid out as {@link layout} says. */
  begin(session: Session, epoch: EpochSamples): void {
    const { distinct } = epoch;
    if (!this.hasRoom(epoch)) throw new Error("a batch has more users or items than there is room");
    if ((distinct === null) !== (this.#distinct === null))
      throw new Error("the samples are laid out for other steps");
    const ids = distinct === null ? null : this.#distinct!.values(distinct);
    this.#fits = distinct?.fits ?? [];
    session.write(
      [this.#order, this.#lossSum, ...(ids?.variables ?? [])],
      [epoch.rows, new Float32Array(this.#options.replicas.length), ...(ids?.values ?? [])],
    );
  }

  /** Steps from the epoch's batch `index` on, as many as one call does; returns how many. */
  advance(session: Session, index: number): number {
    const at = Int32Array.of(0, index * this.#options.batchSize);
    const batchesLeft = this.#batches - index;
    if (this.atOnce > 1 && batchesLeft >= this.atOnce) {
      session.run("steps", [at]);
      return this.atOnce;
    }
    // Beside a loop of narrow steps, the few single ones are wide.
    const narrow = this.atOnce === 1 && this.#fits[index] === true;
    session.run(batchesLeft < 1 ? "last_step" : narrow ? "narrow_step" : "step", [at]);
    return 1;
  }

  /** Mean loss of each replica over the samples of the epoch, once all its steps are done. */
  losses(session: Session): number[] {
    const [sums] = session.read([this.#lossSum]);
    return [...sums!].map((sum) => sum / this.#options.samples);
  }

  dispose(): void {
    this.#order.dispose();
    this.#lossSum.dispose();
    this.#distinct?.dispose();
  }
}

/**
 * Whether the last batch is to be filled up: where the loop then takes all batches. A batch of one sample has no
 * statistics, however it is filled up.
 */
function fills(samples: number, batchSize: number): boolean {
  const batches = Math.ceil(samples / batchSize);
  return batches > 1 && samples % batchSize > 1 && batches % stepsAtOnce(batches) === 0;
}

/** Which samples count of a batch that begins at `begin`, a tensor [0, its first sample], of an epoch of `samples`. */
function presentOf(begin: Tensor, batchSize: number, samples: number): Present {
  const left = tf.sub(tf.scalar(samples, "int32"), tf.slice(begin, [1], [1]));
  const count = tf.minimum(left, tf.scalar(batchSize, "int32"));
  const mask = tf.less(tf.range(0, batchSize, 1, "int32"), count);
  return {
    mask: tf.reshape(tf.cast(mask, "float32"), [1, batchSize]),
    count: tf.reshape(tf.cast(count, "float32"), []),
  };
}

/**
 * Steps of one compiled call: so many that few calls make an epoch, and if possible so that no step is left
 * over, since the first single step takes a second or two to set up.
 */
function stepsAtOnce(steps: number): number {
  const [fewest, most] = [Math.min(steps, 16), Math.min(steps, 512)];
  let best = Math.min(steps, 1);
  for (let count = fewest; count <= most; count++) {
    if (best <= 1 || steps % count < steps % best) best = count;
  }
  return best;
}
