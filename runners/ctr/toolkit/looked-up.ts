import { activate, linear, lookUp } from "./operations.js";
import { tf, type Tensor } from "./tensorflow.js";
import { Value } from "./value.js";

/** One vector of a table [R, N, width] for each row of a sample. */
export interface Lookup {
  readonly table: Tensor;
  /** int32 [R, B, rows] */
  readonly ids: Tensor;
  /**
   * Where given, int32 [n]: `ids` are places in it, and what stands there is the row of the table
   * (ids of items, and each item's attribute).
   */
  readonly through?: Tensor;
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
    const [, samples, rows] = this.lookups[0]!.ids.shape as [number, number, number];
    const shapes = this.lookups.map(({ table }) => table.shape as [number, number, number]);
    const byTable = shapes.reduce((sum, [, n, width]) => sum + n * width, 0);
    const byRow = shapes.reduce((sum, [, , width]) => sum + samples * rows * width, 0);
    return 2 * byTable < byRow;
  }

  /** The rows times a kernel [R, in, out], plus a bias [R, out] or none: [R, B, rows, out]. */
  product(kernel: Tensor, bias: Tensor | null, relu: boolean): Tensor {
    const replicas = kernel.shape[0]!;
    const widths = this.lookups.map(({ table }) => table.shape[2]!);
    const kernels = tf.split(kernel, widths, 1);
    // What is looked up by the same ids becomes one table.
    const byIds = new Map<Tensor, Tensor[]>();
    this.lookups.forEach(({ table, ids, through }, i) => {
      // Each row holds one vector of each table, so that the bias may come with the last.
      const last = i === this.lookups.length - 1;
      const product = linear(table, kernels[i]!, last ? bias : null);
      const placed = through === undefined ? product : lookUp(product, repeat(through, replicas));
      byIds.set(ids, [...(byIds.get(ids) ?? []), placed]);
    });
    const found = [...byIds].map(([ids, tables]) =>
      lookUp(sum(tables), tf.reshape(ids, [replicas, -1])),
    );
    const rows = relu ? activate(sum(found), "Relu") : sum(found);
    return tf.reshape(rows, [...this.lookups[0]!.ids.shape, kernel.shape[2]!]);
  }
}

const sum = (tensors: readonly Tensor[]): Tensor =>
  tensors.length === 1 ? tensors[0]! : tf.addN([...tensors]);

/** Ids [n] for every replica, [R, n]. */
const repeat = (ids: Tensor, replicas: number): Tensor =>
  tf.tile(tf.reshape(ids, [1, ids.shape[0]!]), [replicas, 1]);
