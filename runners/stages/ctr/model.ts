import type { Rewrites } from "./rewrites/index.js";
import type { Device } from "./device.js";
import type { Tensor, Variable } from "./tensorflow.js";

/** What decides the shapes of a model: cells with equal shapes can train as one graph. */
export interface ModelShape {
  readonly backbone: string;
  /** Items, attribute values and rating values, padding not counted: tables have one row more. */
  readonly items: number;
  readonly attributes: number;
  readonly ratings: number;
  /** U, padding not counted, where the model has an embedding of each user's id (`ctr.user_id`). */
  readonly users?: number;
  /** F, attribute ids per item. */
  readonly attributeFields: number;
  /** Fields of users, items and contexts, in this order; left out where the data set has none. */
  readonly fields?: readonly FieldShape[];
  /** Ids of all fields together, nothing (0) not counted. Where there are fields. */
  readonly fieldIds?: number;
  /** H: the number of interactions in a sample's history. */
  readonly historyLength: number;
  /** E. */
  readonly embeddingDim: number;
  /** Hidden sizes of the final MLP. */
  readonly mlp: readonly number[];
  /** Knowledge vectors, or null where the cell has none. */
  readonly knowledge: { readonly userDim: number; readonly itemDim: number } | null;
  /** Null: no adaptor, and so no knowledge. */
  readonly adaptor: AdaptorShape | null;
  /** The backbone's own options, complete with defaults. */
  readonly options: { readonly [name: string]: unknown };
}

/** One field of a data set, as a model sees it. */
export interface FieldShape {
  readonly name: string;
  readonly of: "user" | "item" | "context";
  /** Ids with weights that make up its vector. */
  readonly slots: number;
}

/** Ids, int32 [R, B, S] or [R, B, H, S], and their weights, float32 of the same shape. */
export interface FieldSlots {
  readonly ids: Tensor;
  readonly weights: Tensor;
}

export interface AdaptorShape {
  readonly type: "hea" | "moe" | "mlp";
  readonly sharedExperts: number;
  readonly specificExperts: number;
  /** Sizes of an expert's layers, 128-32 by default. */
  readonly layers: readonly number[];
}

/**
 * A batch of samples for R replicas, every tensor with the replica axis first.
 * Backbones never see that axis: the toolkit hands them values that behave as if it were not there.
 */
export interface Batch {
  /** int32 [R, B] */
  readonly item: Tensor;
  /** int32 [R, B, F] */
  readonly itemAttributes: Tensor;
  /** int32 [R, B, H], padding (0) at the end */
  readonly historyItems: Tensor;
  /** int32 [R, B, H, F] */
  readonly historyAttributes: Tensor;
  /** int32 [R, B, H] */
  readonly historyRatings: Tensor;
  /** int32 [I + 1, F]: the attributes of every item, where they are the history's attributes too. */
  readonly attributesOfItems?: Tensor;
  /** int32 [R, B] */
  readonly historyLength: Tensor;
  /** int32 [R, B]: the user, 0 for one whom the data set does not know. Where the shape has users. */
  readonly user?: Tensor;
  /** By place, those that the shape has: of the history there are those of its items. */
  readonly fields?: { readonly [place in FieldShape["of"] | "history"]?: FieldSlots };
  /** What the adaptor made of the samples' knowledge; null where the model has no adaptor. */
  readonly knowledge: Knowledge | null;
}

/**
 * The output of {@link Model.adapt} for the knowledge vectors of each sample's user and target
 * item, float32 [R, B, d]. Raw vectors are never in a batch: the code that makes the batch adapts
 * them first.
 */
export interface Knowledge {
  readonly user: Tensor;
  readonly item: Tensor;
}

/** Whom a knowledge vector is about: the sample's user or its target item. */
export type Subject = keyof Knowledge;

/** A trainable parameter of R replicas: float32 [R, ...shape]. */
export interface Parameter {
  /** Stable, descriptive: `item_embedding`, `attention.dense_0.kernel`. */
  readonly name: string;
  readonly variable: Variable;
  /** False for biases and normalisation parameters. */
  readonly decays: boolean;
  /**
   * True for a table [U + 1, width] of users' own vectors: before samples are scored, the rows of
   * users without training samples, row 0 among them, are set to the mean of the other rows.
   */
  readonly ofUsers: boolean;
}

/** Values that training updates without a gradient, such as Dice's running statistics. */
export interface StateVariable {
  readonly name: string;
  readonly variable: Variable;
}

/**
 * A CTR model of R replicas, written with tfjs operations so that it runs eagerly, is differentiated
 * by tf.variableGrads and can be traced into one TensorFlow graph.
 */
export interface Model {
  readonly shape: ModelShape;
  readonly device: Device;
  readonly rewrites: Rewrites;
  readonly replicas: number;
  readonly parameters: readonly Parameter[];
  readonly state: readonly StateVariable[];
  /** Whether training looks at several samples together, otherwise than by the statistics that Dice keeps. */
  readonly mixesSamples: boolean;
  /** Whether its layers leave out samples that do not count ({@link ForwardMode.present}). */
  readonly knowsPresent: boolean;
  /**
   * Logits, float32 [R, B]. In training mode dropout and batch statistics are on and `stateUpdates`
   * (new values of {@link state}, in its order) come along; in scoring mode a sample's logit
   * depends on that sample alone.
   */
  forward(batch: Batch, mode: ForwardMode): ForwardResult;
  /**
   * The adaptor's output for the users or the items alone, float32 [R, n, d] from raw vectors [R, n, D], where the
   * adaptor keeps user and item apart (all three types do); null without knowledge.
   */
  readonly adapt: ((subject: Subject, vectors: Tensor) => Tensor) | null;
  /** The values of parameters and state that a new model of these seeds has, one seed a replica. */
  starting(seeds: readonly number[]): ReadonlyMap<Variable, Float32Array>;
  dispose(): void;
}

/**
 * Which samples of a batch count, where those behind the last one only fill the batch up: they have no loss, no
 * gradient, and no part in a batch's statistics.
 */
export interface Present {
  /** float32 [1, B]: 1 for a sample that counts, 0 for one that does not. */
  readonly mask: Tensor;
  /** How many count, a float32 scalar of at least 2. */
  readonly count: Tensor;
}

/** How {@link Model.forward} runs. */
export interface ForwardMode {
  readonly training: boolean;
  /** Absent: all samples of the batch count. */
  readonly present?: Present;
  /** The number of pieces of the batch for layers that treat each sample by itself. */
  readonly pieces?: number;
  /** True where the batch traced is an example and the model must fit one of any size. */
  readonly anyBatch?: boolean;
  /**
   * Dropout noise, given by the training step where some replica drops out: float32 [R, ...shape], each
   * number 0 or 1 / (1 - rate) by its replica's own rate and seed. Multiply an activation by it.
   * Absent: no dropout. (Random numbers made by tf.dropout would be frozen into a traced graph.)
   */
  readonly noise?: (shape: readonly number[]) => Tensor;
}

export interface ForwardResult {
  readonly logits: Tensor;
  readonly stateUpdates: readonly Tensor[];
}

/**
 * Builds a model with fresh weights, one seed a replica. A replica's initial weights depend on its
 * own seed alone, not on R or its place. `device`: what it is computed on, by default what TensorFlow
 * computes on in this process. `rewrites`: the rewrites that may be used, by default all.
 */
export type BuildModel = (
  shape: ModelShape,
  seeds: readonly number[],
  device?: Device,
  rewrites?: Rewrites,
) => Model;
