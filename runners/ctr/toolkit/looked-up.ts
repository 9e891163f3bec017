import { linear, activate, lookUp } from "./operations.js";
import { tf, type Tensor } from "./tensorflow.js";
import { Value } from "./value.js";

/** Vectors of a table [R, N, width] by ids, int32 [R, B, rows], or several a row [R, B, rows, n]. */
export interface Lookup {
  readonly table: Tensor;
  readonly ids: Tensor;
}

/**
 * Rows made of vectors out of tables, side by side, that are looked up only when they are asked for.
 * A dense layer asks for the tables instead where they are small: a table times the kernel is then
 * looked up, which multiplies each vector once instead of once for every row it stands in.
 */
export class LookedUp extends Value {
  constructor(
    readonly lookups: readonly Lookup[],
    rows: () => Tensor,
  ) {
    super(rows);
  }

  /** True where multiplying the tables is clearly less work than multiplying the rows. */
  get smallTables(): boolean {
    const looked = this.#rowCount();
    let table = 0;
    let rows = 0;
    for (const {
      table: { shape },
      ids,
    } of this.lookups) {
      const [, n, width] = shape as [number, number, number];
      const fields = ids.shape[3] ?? 1;
      table += n * width * fields;
      rows += looked * width * fields;
    }
    return 2 * table < rows;
  }

  /** The rows times a kernel [R, in, out], and a bias [R, out] or none: [R, B · rows, out]. */
  product(kernel: Tensor, bias: Tensor | null, relu: boolean): Tensor {
    const replicas = kernel.shape[0]!;
    const fields = this.lookups.flatMap(({ table, ids }) =>
      eachField(ids).map((field) => ({ table, ids: tf.reshape(field, [replicas, -1]) })),
    );
    const widths = fields.map(({ table }) => table.shape[2]!);
    const kernels = tf.split(kernel, widths, 1);
    // Every row holds one vector of the last table, so that the bias may come with it.
    const last = fields.length - 1;
    const products = fields.map(({ table, ids }, i) =>
      lookUp(linear(table, kernels[i]!, i === last ? bias : null), ids),
    );
    const sum = products.length === 1 ? products[0]! : tf.addN(products);
    return relu ? activate(sum, "Relu") : sum;
  }

  #rowCount(): number {
    const [, samples, rows] = this.lookups[0]!.ids.shape as [number, number, number];
    return samples * rows;
  }
}

/** [R, B, rows, n] as n times [R, B, rows]. */
function eachField(ids: Tensor): Tensor[] {
  if (ids.rank === 3) return [ids];
  const fields = ids.shape[3]!;
  if (fields === 1) return [tf.reshape(ids, ids.shape.slice(0, 3))];
  return tf.unstack(ids, 3);
}
