import { tf, type Tensor, type Variable } from "../tensorflow.js";
import { whole, wholeRows } from "../data/batch.js";
import type { Columns } from "../data/columns.js";
import { zerosVariable } from "../graph/zeros.js";
import { idsInOneTable } from "../toolkit/operations.js";
import { arraysOfPairs, listWidth, RADIX, type DistinctPlaces } from "./epoch-samples.js";
import type { DistinctSizes } from "./room.js";
import { sliceRows } from "./slice-rows.js";

/**
 * The users and items of a batch, each once, and where each sample's are among them: int32 [R, n]
 * and [R, B]. No sample's is at an unused place among the n.
 */
export interface Distinct {
  readonly users: Tensor;
  readonly userPlaces: Tensor;
  readonly items: Tensor;
  readonly itemPlaces: Tensor;
}

/**
 * Which users and items each batch of an epoch holds, and where in that list each sample's are, as
 * variables beside the epoch's order: a step makes of each vector once what all samples with it use.
 */
export class DistinctIds {
  readonly #places: Pairs;
  readonly #firsts: Pairs;
  readonly #width: number;

  constructor(
    private readonly columns: Pick<Columns, "user" | "item">,
    private readonly room: DistinctSizes,
    private readonly batchSize: number,
    replicas: number,
    samples: number,
  ) {
    this.#width = listWidth(room);
    const arrays = arraysOfPairs(batchSize);
    const batches = Math.floor(samples / batchSize);
    this.#places = new Pairs([replicas, samples], arrays);
    this.#firsts = new Pairs([replicas, batches * this.#width], arrays);
  }

  /** In a step: the ids of the batch with these rows, int32 [R, B]; `begin` is a tensor [0, its first sample]. */
  of(begin: Tensor, rows: Tensor): Distinct {
    const { columns, room } = this;
    const batch = tf.floorDiv(begin, tf.scalar(this.batchSize, "int32"));
    const list = tf.mul(batch, tf.scalar(this.#width, "int32"));
    const [userPlaces, itemPlaces] = this.#places.slice(begin, this.batchSize);
    const [firstOfUser, firstOfItem] = this.#firsts.slice(list, this.#width);
    return {
      users: idsAt(columns.user, rows, firstOfUser, room.users),
      userPlaces,
      items: idsAt(columns.item, rows, firstOfItem, room.items),
      itemPlaces,
    };
  }

  /** Variables to write for an epoch, and their values. */
  values({ places, firsts }: DistinctPlaces): {
    readonly variables: readonly Variable[];
    readonly values: readonly Float32Array[];
  } {
    return {
      variables: [...this.#places.variables, ...this.#firsts.variables],
      values: [...places, ...firsts],
    };
  }

  dispose(): void {
    this.#places.dispose();
    this.#firsts.dispose();
  }
}

/** The ids, int32 [R, n], of the samples at the first n places [R, N] of a batch's rows [R, B]. */
function idsAt(column: Variable, rows: Tensor, places: Tensor, n: number): Tensor {
  const [replicas, batchSize] = rows.shape as [number, number];
  const flat = idsInOneTable(tf.slice(places, [0, 0], [replicas, n]), batchSize);
  const found = tf.gather(tf.reshape(rows, [replicas * batchSize]), flat as never);
  return tf.reshape(wholeRows(column, found), [replicas, n]);
}

/** Pairs of whole numbers as variables, float32 [R, n]: where int32 are, they are not in a card's memory. */
class Pairs {
  readonly variables: readonly Variable[];

  constructor(shape: readonly [number, number], arrays: 1 | 2) {
    this.variables = Array.from({ length: arrays }, () => zerosVariable(shape));
  }

  /** `size` pairs of each replica from `begin` on, a tensor [0, start]: two of int32 [R, size]. */
  slice(begin: Tensor, size: number): [Tensor, Tensor] {
    const [one, other] = this.variables.map((variable) =>
      sliceRows(variable, begin, [variable.shape[0]!, size]),
    );
    if (other !== undefined) return [whole(one!), whole(other)];
    // Both are exact: the radix is a power of two.
    const high = tf.floor(tf.mul(one!, 1 / RADIX));
    return [whole(high), whole(tf.sub(one!, tf.mul(high, RADIX)))];
  }

  dispose(): void {
    for (const variable of this.variables) variable.dispose();
  }
}
