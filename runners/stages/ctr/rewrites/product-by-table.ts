import type { LookUpOf, SumOfRows, Ways } from "../toolkit/expression.js";
import { cut, linear } from "../toolkit/operations.js";
import type { Value } from "../toolkit/value.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { Rewriting } from "./rewriting.js";

/** One vector of a table [R, N, width] for each row of a sample. */
interface Lookup {
  readonly table: Tensor;
  /** int32 [R, B, rows] */
  readonly ids: Tensor;
  /**
   * int32 [n]. If given, `ids` are places in this list, and the list holds the rows of the table: for
   * example, ids of items, and each item's attribute.
   */
  readonly through?: Tensor;
}

/**
 * A dense layer on rows that are looked up in small tables: the tables are multiplied by the kernel,
 * and the products are looked up. So each vector is multiplied once instead of once for every row
 * that it appears in. The result is a sum of looked-up rows, to which the rewrite can be applied again
 * in the next dense layer.
 */
export const productByTable: Rewriting = (below) => ({
  dense(input, kernel, bias, relu) {
    const rows = productOf(input, kernel, bias);
    if (rows === null) return below.dense(input, kernel, bias, relu);
    const value = input.made(rows);
    return relu ? value.relu() : value;
  },
});

function productOf(input: Value, kernel: Tensor, bias: Tensor | null): SumOfRows | null {
  const { form, forward } = input;
  // The batch of an exported model may have any size: nothing is chosen by it.
  if (forward.mode.anyBatch === true) return null;
  if (form.kind === "sum of rows") {
    if (!smallTables(form.of, input.width)) return null;
    const of = form.of.map(({ table, ids }, i) => ({
      table: linear(table, kernel, i === 0 ? bias : null),
      ids,
    }));
    return { kind: "sum of rows", of };
  }
  const lookups = lookupsOf(input);
  if (lookups === null || !smallTables(lookups, input.width)) return null;
  return { kind: "sum of rows", of: products(lookups, kernel, bias, forward.ways) };
}

/** The look-ups that a value consists of, side by side; null if it is made of anything else. */
function lookupsOf({ form }: Value): Lookup[] | null {
  const parts = form.kind === "concat" ? form.parts.map((part) => part.form) : [form];
  const lookups: Lookup[] = [];
  for (const part of parts) {
    if (part.kind !== "look-up" || !part.asRows) return null;
    lookups.push(...eachOf(part));
  }
  return lookups;
}

function eachOf({ table, ids, through }: LookUpOf<Value>): Lookup[] {
  if (through !== undefined) {
    return tf
      .unstack(through.list, 1)
      .map((list) => ({ table, ids: through.places, through: list }));
  }
  return (ids.rank === 3 ? [ids] : tf.unstack(ids, 3)).map((each) => ({ table, ids: each }));
}

/**
 * Whether it is clearly less work to multiply these tables than to multiply all rows that are looked
 * up in them.
 */
function smallTables(lookups: readonly Lookup[], rowWidth: number): boolean {
  const [, samples, rows] = lookups[0]!.ids.shape as [number, number, number];
  const byTable = lookups.reduce((sum, { table }) => sum + table.shape[1]! * table.shape[2]!, 0);
  return 2 * byTable < samples * rows * rowWidth;
}

/** Each table times its part of the kernel. Tables with the same ids are added to one table. */
function products(
  lookups: readonly Lookup[],
  kernel: Tensor,
  bias: Tensor | null,
  ways: Ways<Value>,
): SumOfRows["of"] {
  const replicas = kernel.shape[0]!;
  const widths = lookups.map(({ table }) => table.shape[2]!);
  const kernels = cut(kernel, widths, 1);
  const byIds = new Map<Tensor, Tensor[]>();
  lookups.forEach(({ table, ids, through }, i) => {
    // Each row has one vector of each table, so the bias is added once, to the last table.
    const last = i === lookups.length - 1;
    const product = linear(table, kernels[i]!, last ? bias : null);
    const placed =
      through === undefined ? product : ways.lookUp(product, repeat(through, replicas));
    byIds.set(ids, [...(byIds.get(ids) ?? []), placed]);
  });
  return [...byIds].map(([ids, tables]) => ({
    ids,
    table: tables.length === 1 ? tables[0]! : tf.addN(tables),
  }));
}

/** Ids [n] for every replica, [R, n]. */
const repeat = (ids: Tensor, replicas: number): Tensor =>
  tf.tile(tf.reshape(ids, [1, ids.shape[0]!]), [replicas, 1]);
