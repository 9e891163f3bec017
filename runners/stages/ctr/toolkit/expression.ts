import type { ForwardMode, StateVariable } from "../model.js";
import { tf, type Tensor } from "../tensorflow.js";

/**
 * What a layer takes and returns. An expression says what is computed. The {@link Ways} of its forward
 * pass decide how it is computed. {@link Value} is the only class of expressions. A rewrite looks at
 * `form` to see whether it applies.
 */
export interface Expression<V> {
  readonly form: Form<V>;
  /** Numbers in a vector, or in each row. */
  readonly width: number;
  /** True for an input of the model: nobody needs its gradient. */
  readonly leaf: boolean;
  readonly forward: Forward<V>;
  /** Whether {@link tensor} has been computed. */
  readonly computed: boolean;
  /** The value, computed at the first use: [R, B, width] or [R, B, rows, width]. */
  readonly tensor: Tensor;
}

export type Form<V> =
  | Given
  | LookUpOf<V>
  /** The mean of rows: a vector. */
  | { readonly kind: "mean"; readonly of: V }
  /** Vectors, or rows, side by side: the widths add up. */
  | { readonly kind: "concat"; readonly parts: readonly V[] }
  /** Rows: the products of each number in a row with each number in the same row of another. */
  | { readonly kind: "outer"; readonly of: readonly [V, V] }
  | SumOfRows;

/** A tensor, or the function that makes it. */
export interface Given {
  readonly kind: "given";
  readonly make: () => Tensor;
}

/** Vectors of a table [R, N, width], looked up by ids. Several ids give their vectors side by side. */
export interface LookUpOf<V> {
  readonly kind: "look-up";
  readonly table: Tensor;
  /** int32: [R, B] or [R, B, n] give a vector; [R, B, rows] or [R, B, rows, n] give rows. */
  readonly ids: Tensor;
  readonly asRows: boolean;
  /** Set if `ids` were themselves looked up in a list: the list, and the places in it. */
  readonly through?: Through;
  /** Another look-up of the same sample in the same table, which the model most likely needs too. */
  readonly beside?: V;
}

/** The ids are `list`[places]: the attributes of a history are the attributes of its items. */
export interface Through {
  /** int32 [m, n] */
  readonly list: Tensor;
  /** int32 [R, B, rows] */
  readonly places: Tensor;
}

/** Rows; each row is the sum of one vector from each table. */
export interface SumOfRows {
  readonly kind: "sum of rows";
  readonly of: readonly {
    /** [R, N, width] */
    readonly table: Tensor;
    /** int32 [R, B, rows] */
    readonly ids: Tensor;
  }[];
}

/** The number of ids whose vectors make up one vector (or row) of a look-up. */
export const idsAVector = ({ ids, asRows }: LookUpOf<unknown>): number =>
  ids.shape[asRows ? 3 : 2] ?? 1;

/** Self-attention of rows, see heads.ts. Kernel [R, width, parts · inner], bias [R, parts · inner]. */
export interface SelfAttention {
  readonly kernel: Tensor;
  readonly bias: Tensor | null;
  /** Parts of the kernel: queries, keys, values, and the residual's projection where there is one. */
  readonly parts: readonly number[];
  readonly heads: number;
  /** Width of one head. */
  readonly size: number;
  readonly contiguous: boolean;
}

/**
 * How expressions are computed. toolkit/plain.ts has the plain way for each of these functions; a
 * rewrite (rewrites/) replaces some of them. All ways give the same numbers, except for rounding.
 */
export interface Ways<V> {
  /** The value of an expression. */
  compute(expression: V): Tensor;
  /** The look-ups that an expression needs and that have not been made yet. */
  pending(expression: V): readonly V[];
  /** Vectors of tables [R, N, width] by ids [R, m]: [R, m, width]. */
  lookUp(tables: Tensor, ids: Tensor): Tensor;
  /** Rows of [R, B, n, width] at these places, the same places in every sample. */
  selectRows(x: Tensor, places: readonly number[]): Tensor;
  /** input · kernel + bias, through ReLU or not; kernel [R, in, out], bias [R, out]. */
  dense(input: V, kernel: Tensor, bias: Tensor | null, relu: boolean): V;
  /** Σ row of rows: a vector. */
  addRows(rows: V): V;
  /** Σ weight · row of rows by weights (rows of width 1): a vector. */
  weightedSum(rows: V, weights: V): V;
  /** [query, key, query − key, query ⊙ key] · kernel + bias of each row of keys; kernel [R, 4 in, out]. */
  meetQuery(query: V, keys: V, kernel: Tensor, bias: Tensor): V;
  /** [source, target] · kernel of each pair of rows: rows [n, n]; kernel [R, 2 width, 1]. */
  meetPairs(rows: V, kernel: Tensor): V;
  /** What each row takes from all rows; and the rows projected for the residual, or null. */
  attendToSelf(
    rows: V,
    attention: SelfAttention,
  ): { readonly attended: V; readonly rest: V | null };
  /** Applies a layer whose output for a sample depends on that sample alone. */
  eachSample(input: V, layer: (input: V) => V): V;
}

/** One forward pass: its mode, its ways, and the new values of state variables that layers found. */
export class Forward<V> {
  readonly #updates = new Map<number, Tensor>();

  constructor(
    readonly mode: ForwardMode,
    readonly ways: Ways<V>,
  ) {}

  /** Dropout by the noise of the training step; while scoring, the tensor itself. */
  dropout(tensor: Tensor): Tensor {
    return this.dropsOut ? tf.mul(tensor, this.mode.noise!(tensor.shape.slice(1))) : tensor;
  }
  get dropsOut(): boolean {
    return this.mode.training && this.mode.noise !== undefined;
  }

  /** A layer with state calls this: the value that a state variable has after this training step. */
  updateState(place: number, value: Tensor): void {
    this.#updates.set(place, value);
  }

  /** The new values of these state variables, in their order. A variable without a new value keeps its own. */
  updates(state: readonly StateVariable[]): Tensor[] {
    return state.map(({ variable }, place) => this.#updates.get(place) ?? variable);
  }
}
