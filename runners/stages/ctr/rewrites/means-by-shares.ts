import { cut, linear, linearBeside, oneHot, reduce } from "../toolkit/operations.js";
import { idsAVector, type LookUpOf } from "../toolkit/expression.js";
import { concat, type Value } from "../toolkit/value.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { Rewriting } from "./rewriting.js";

/** The mean of some rows of a small table, for each sample. */
interface Mixture {
  /** [R, n, width] */
  readonly table: Tensor;
  /** The share of each row of the table in the mean, float32 [R, B, n]. It depends on no parameter. */
  readonly shares: Tensor;
}

/**
 * The mean of rows of a small table is computed as shares · table, where the shares say how often each
 * row of the table occurs: one product instead of a look-up and a sum. A dense layer on the mean
 * multiplies the table instead of every sample's mean. A looked-up vector is the mean of one row;
 * several vectors side by side are several means.
 */
export const meansByShares: Rewriting = (below) => ({
  compute(value) {
    const mixtures = mixturesOf(value);
    if (mixtures === null) return below.compute(value);
    const means = mixtures.map(({ table, shares }) => linear(shares, table, null, { leaf: true }));
    return joined(means, 2);
  },

  pending: (value) => (mixes(value) === null ? below.pending(value) : []),

  dense(input, kernel, bias, relu) {
    if (input.form.kind !== "concat" || !pays(input, input.form.parts)) {
      return below.dense(input, kernel, bias, relu);
    }
    const { parts } = input.form;
    const kernels = tf.split(
      kernel,
      parts.map(({ width }) => width),
      1,
    );
    const own: { readonly part: Value; readonly kernel: Tensor }[] = [];
    const mixed: { readonly shares: Tensor; readonly kernel: Tensor }[] = [];
    parts.forEach((part, i) => {
      const mixtures = mixturesOf(part);
      if (mixtures === null) return void own.push({ part, kernel: kernels[i]! });
      const each = cut(
        kernels[i]!,
        mixtures.map(({ table }) => table.shape[2]!),
        1,
      );
      mixtures.forEach(({ table, shares }, j) =>
        mixed.push({ shares, kernel: linear(table, each[j]!, null) }),
      );
    });
    const kernelOf = (list: readonly { readonly kernel: Tensor }[]): Tensor =>
      joined(
        list.map(({ kernel }) => kernel),
        1,
      );
    const shares = joined(
      mixed.map(({ shares }) => shares),
      2,
    );
    if (own.length === 0) {
      return input.made(linear(shares, kernelOf(mixed), bias, { relu, leaf: true }));
    }
    // As one value, so that look-ups for several of its parts can be made at once.
    const vectors = concat(own.map(({ part }) => part)).tensor;
    return input.made(
      linearBeside([vectors, kernelOf(own)], [shares, kernelOf(mixed)], bias, relu),
    );
  },
});

/** True where a dense layer is clearly less work on the shares of mixtures than on their means. */
function pays(whole: Value, parts: readonly Value[]): boolean {
  const saved = parts.reduce((sum, part) => {
    const form = mixes(part);
    return sum + (form === null ? 0 : part.width - idsAVector(form) * form.table.shape[1]!);
  }, 0);
  return 5 * saved > whole.width;
}

/** The look-up whose mean a value is, if its table is so small that the product is less work; else null. */
function mixes({ form }: Value): LookUpOf<Value> | null {
  const of = form.kind === "mean" ? form.of.form : form;
  if (of.kind !== "look-up" || of.asRows !== (form.kind === "mean")) return null;
  const [, rows, width] = of.table.shape as [number, number, number];
  return rows <= width ? of : null;
}

const made = new WeakMap<Value, readonly Mixture[]>();

/** The mixtures that a value consists of, side by side; null if it is not one. Made once for each value. */
function mixturesOf(value: Value): readonly Mixture[] | null {
  const form = mixes(value);
  if (form === null) return null;
  let mixtures = made.get(value);
  if (mixtures === undefined) {
    mixtures = idsOf(form).map((ids) => ({
      table: form.table,
      shares: reduce(oneHot(ids, form.table.shape[1]!), 2, "mean"),
    }));
    made.set(value, mixtures);
  }
  return mixtures;
}

/** Ids [R, B, rows] of each mixture; a single id is one row. */
function idsOf({ ids, asRows }: LookUpOf<Value>): Tensor[] {
  if (asRows) return ids.rank === 3 ? [ids] : tf.unstack(ids, 3);
  return ids.rank === 2 ? [tf.expandDims(ids, 2)] : tf.split(ids, ids.shape[2]!, 2);
}

const joined = (tensors: readonly Tensor[], axis: number): Tensor =>
  tensors.length === 1 ? tensors[0]! : tf.concat([...tensors], axis);
