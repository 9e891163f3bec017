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
   * Where given, int32 [n]: `ids` are places in it, and what stands there is the row of the table
   * (ids of items, and each item's attribute).
   */
  readonly through?: Tensor;
}

/**
 * A dense layer on rows that are looked up in small tables: a table times the kernel is looked up,
 * which multiplies each vector once instead of once for every row it stands in. What comes out are
 * sums of looked-up rows, so that the next dense layer may do the same.
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

/** The look-ups of rows that a value is made of, side by side, or null where it is made of others. */
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
 * Whether multiplying these tables, of vectors of such widths, is clearly less work than multiplying
 * the rows they are looked up for.
 */
function smallTables(lookups: readonly Lookup[], rowWidth: number): boolean {
  const [, samples, rows] = lookups[0]!.ids.shape as [number, number, number];
  const byTable = lookups.reduce((sum, { table }) => sum + table.shape[1]! * table.shape[2]!, 0);
  return 2 * byTable < samples * rows * rowWidth;
}

/** Tables times their parts of the kernel; those of the same ids become one. */
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
    // Each row holds one vector of each table, so that the bias may come with the last.
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
