import type { ForwardMode, StateVariable } from "../model.js";
import { tf, type Tensor } from "../tensorflow.js";

/**
 * What a layer is given and builds: it says what is computed. How, and when, is decided by the
 * {@link Ways} of the forward pass that it belongs to. {@link Value} is the one class that is an
 * expression; rewrites look at `form` to see whether they apply.
 */
export interface Expression<V> {
  readonly form: Form<V>;
  /** Numbers in a vector, or in each row. */
  readonly width: number;
  /** True where its gradient is of no use. */
  readonly leaf: boolean;
  readonly forward: Forward<V>;
  /** Whether {@link tensor} has been computed. */
  readonly computed: boolean;
  /** Its value, computed when it is first asked for: [R, B, width] or [R, B, rows, width]. */
  readonly tensor: Tensor;
}

export type Form<V> =
  | Given
  | LookUpOf<V>
  /** The mean of rows: a vector. */
  | { readonly kind: "mean"; readonly of: V }
  /** Vectors, or rows, side by side: the widths add up. */
  | { readonly kind: "concat"; readonly parts: readonly V[] }
  | SumOfRows;

/** A tensor, or the function that makes it. */
export interface Given {
  readonly kind: "given";
  readonly make: () => Tensor;
}

/** Vectors of a table [R, N, width] by ids; several ids give their vectors side by side. */
export interface LookUpOf<V> {
  readonly kind: "look-up";
  readonly table: Tensor;
  /** int32: [R, B] or [R, B, n] give a vector; [R, B, rows] or [R, B, rows, n] give rows. */
  readonly ids: Tensor;
  readonly asRows: boolean;
  /** The same rows by other ids, where `ids` are known to be taken from a list by those. */
  readonly through?: Through;
  /** A look-up in the same table, of the same sample, that will most likely be made too. */
  readonly beside?: V;
}

/** Ids that are `list`[place]: a history's attributes are those of its items. */
export interface Through {
  /** int32 [m, n] */
  readonly list: Tensor;
  /** int32 [R, B, rows] */
  readonly places: Tensor;
}

/** Rows, each the sum of one vector out of each table. */
export interface SumOfRows {
  readonly kind: "sum of rows";
  readonly of: readonly {
    /** [R, N, width] */
    readonly table: Tensor;
    /** int32 [R, B, rows] */
    readonly ids: Tensor;
  }[];
}

/** How many ids make one vector of a look-up. */
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
 * How expressions are computed: toolkit/plain.ts has the plain way of each, a rewrite
 * (rewrites/) replaces some of them. All ways give the same numbers but for rounding.
 */
export interface Ways<V> {
  /** The value of an expression. */
  compute(expression: V): Tensor;
  /** The look-ups that have still to be made for an expression. */
  pending(expression: V): readonly V[];
  /** Vectors of tables [R, N, width] by ids [R, m]: [R, m, width]. */
  lookUp(tables: Tensor, ids: Tensor): Tensor;
  /** Rows of [R, B, n, width] by places that are the same in all samples. */
  selectRows(x: Tensor, places: readonly number[]): Tensor;
  /** input · kernel + bias, through ReLU or not; kernel [R, in, out], bias [R, out]. */
  dense(input: V, kernel: Tensor, bias: Tensor | null, relu: boolean): V;
  /** Σ weight · row of rows by weights (rows of width 1): a vector. */
  weightedSum(rows: V, weights: V): V;
  /** [query, key, query − key, query ⊙ key] · kernel + bias of each row of keys; kernel [R, 4 in, out]. */
  meetQuery(query: V, keys: V, kernel: Tensor, bias: Tensor): V;
  /** [source, target] · kernel of each pair of rows: rows [n, n]; kernel [R, 2 width, 1]. */
  meetPairs(rows: V, kernel: Tensor): V;
  /** What each row takes from all rows, and the residual's projection of the rows or null. */
  attendToSelf(
    rows: V,
    attention: SelfAttention,
  ): { readonly attended: V; readonly rest: V | null };
  /** A layer that sees each sample by itself. */
  eachSample(input: V, layer: (input: V) => V): V;
}

/** One forward pass: how it runs, and what layers with state leave for after it. */
export class Forward<V> {
  readonly #updates = new Map<number, Tensor>();

  constructor(
    readonly mode: ForwardMode,
    readonly ways: Ways<V>,
  ) {}

  /** Drops out while training, by the noise of the training step. */
  dropout(tensor: Tensor): Tensor {
    return this.dropsOut ? tf.mul(tensor, this.mode.noise!(tensor.shape.slice(1))) : tensor;
  }
  get dropsOut(): boolean {
    return this.mode.training && this.mode.noise !== undefined;
  }

  /** For layers with state: the new value of a state variable after this training step. */
  updateState(place: number, value: Tensor): void {
    this.#updates.set(place, value);
  }

  /** New values of these state variables, in their order; those of layers not run stay as they were. */
  updates(state: readonly StateVariable[]): Tensor[] {
    return state.map(({ variable }, place) => this.#updates.get(place) ?? variable);
  }
}
