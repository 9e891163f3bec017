import { linear, lookUp } from "./operations.js";
import { tf, type Tensor } from "../tensorflow.js";
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
 * Whether multiplying these tables, of vectors of such widths, is clearly less work than multiplying
 * the rows they are looked up for.
 */
function smallTables(lookups: readonly Lookup[], rowWidth: number): boolean {
  const [, samples, rows] = lookups[0]!.ids.shape as [number, number, number];
  const byTable = lookups.reduce((sum, { table }) => sum + table.shape[1]! * table.shape[2]!, 0);
  return 2 * byTable < samples * rows * rowWidth;
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

  get smallTables(): boolean {
    const width = this.lookups.reduce((sum, { table }) => sum + table.shape[2]!, 0);
    return smallTables(this.lookups, width);
  }

  /** The rows times a kernel [R, in, out], plus a bias [R, out] or none. */
  product(kernel: Tensor, bias: Tensor | null): Summed {
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
    return new Summed([...byIds].map(([ids, tables]) => ({ table: sum(tables), ids })));
  }
}

/** Rows that are sums of one vector out of each of several tables, looked up when asked for. */
export class Summed extends Value {
  constructor(readonly lookups: readonly Lookup[]) {
    super(() => {
      const { ids, table } = lookups[0]!;
      const [replicas, samples, rows] = ids.shape as [number, number, number];
      const found = lookups.map(({ table, ids }) =>
        lookUp(table, tf.reshape(ids, [replicas, samples * rows])),
      );
      return tf.reshape(sum(found), [replicas, samples, rows, table.shape[2]!]);
    });
  }

  get smallTables(): boolean {
    return smallTables(this.lookups, this.lookups[0]!.table.shape[2]!);
  }

  /** The rows times a kernel [R, in, out], plus a bias [R, out] or none. */
  product(kernel: Tensor, bias: Tensor | null): Summed {
    return new Summed(
      this.lookups.map(({ table, ids }, i) => ({
        table: linear(table, kernel, i === 0 ? bias : null),
        ids,
      })),
    );
  }
}

const sum = (tensors: readonly Tensor[]): Tensor =>
  tensors.length === 1 ? tensors[0]! : tf.addN([...tensors]);

/** Ids [n] for every replica, [R, n]. */
const repeat = (ids: Tensor, replicas: number): Tensor =>
  tf.tile(tf.reshape(ids, [1, ids.shape[0]!]), [replicas, 1]);
