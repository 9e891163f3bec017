import { attendByHeads, type HeadOptions } from "./attend.js";
import type { LookUpOf, SumOfRows, Ways } from "./expression.js";
import { linear, lookUp, reduce, weightedSum } from "./operations.js";
import { tf, type Tensor } from "../tensorflow.js";
import { rowsOf, type Value } from "./value.js";

/** The plain way to compute everything: what is left when every rewrite is switched off. */
export const plainWays: Ways<Value> = {
  compute({ form, forward: { ways } }) {
    switch (form.kind) {
      case "given":
        return form.make();
      case "look-up":
        return shaped(form, ways.lookUp(form.table, flat(form.ids)));
      case "mean":
        return reduce(form.of.tensor, 2, "mean");
      case "concat":
        return tf.concat(
          form.parts.map(({ tensor }) => tensor),
          -1,
        );
      case "outer":
        return products(...form.of);
      case "sum of rows":
        return sumOfRows(form, ways);
    }
  },

  pending(value) {
    const { form, computed, forward } = value;
    if (computed) return [];
    if (form.kind === "look-up") return [value];
    if (form.kind === "mean") return forward.ways.pending(form.of);
    if (form.kind === "concat") return form.parts.flatMap((part) => forward.ways.pending(part));
    return [];
  },

  lookUp: (tables, ids) => lookUp(tables, ids, "sums"),

  selectRows: (x, places) => tf.gather(x, tf.tensor1d([...places], "int32"), 2),

  dense(input, kernel, bias, relu) {
    const { shape } = input.tensor;
    const rows = tf.reshape(input.tensor, [shape[0]!, -1, shape.at(-1)!]);
    const result = linear(rows, kernel, bias, { relu, leaf: input.leaf });
    return input.made(tf.reshape(result, [...shape.slice(0, -1), result.shape.at(-1)!]));
  },

  addRows: (rows) => rows.made(reduce(rowsOf(rows), 2, "sum")),

  weightedSum: (rows, weights) => rows.made(weightedSum(rows.tensor, weights.tensor, false)),

  meetQuery(query, keys, kernel, bias) {
    const shape = keys.tensor.shape;
    const spread = query.made(tf.broadcastTo(tf.expandDims(query.tensor, 2), shape));
    const parts = [spread, keys, spread.sub(keys), spread.mul(keys)].map(({ tensor }) => tensor);
    return keys.forward.ways.dense(keys.made(tf.concat(parts, 3)), kernel, bias, false);
  },

  meetPairs(rows, kernel) {
    const n = rows.rows!;
    const places = Array.from({ length: n * n }, (_, i) => i);
    const sources = rows.select(places.map((i) => Math.floor(i / n)));
    const targets = rows.select(places.map((i) => i % n));
    const pairs = rows.made(tf.concat([sources.tensor, targets.tensor], 3));
    return rows.forward.ways.dense(pairs, kernel, null, false).flatten().toRows(n);
  },

  attendToSelf(rows, { kernel, bias, parts, heads, size, contiguous }) {
    const [q, k, v, rest] = rows.forward.ways.dense(rows, kernel, bias, false).split(parts);
    const options: HeadOptions = { heads, scale: Math.sqrt(size), contiguous };
    return { attended: attendByHeads(q!, k!, v!, options), rest: rest ?? null };
  },

  eachSample: (input, layer) => layer(input),
};

/** Ids of any shape as [R, m]. */
export const flat = (ids: Tensor): Tensor => tf.reshape(ids, [ids.shape[0]!, -1]);

/** What a look-up found, [R, m, width], in the shape of its value. */
export function shaped({ ids, asRows }: LookUpOf<unknown>, found: Tensor): Tensor {
  const ends = asRows ? 3 : 2;
  const width = found.shape[2]! * (ids.shape[ends] ?? 1);
  return tf.reshape(found, [...ids.shape.slice(0, ends), width]);
}

/** [R, B, rows, n · m] of rows of width n and m; the first one's numbers change slowest. */
function products(one: Value, other: Value): Tensor {
  const [replicas, samples, rows, n] = one.tensor.shape as [number, number, number, number];
  const m = other.tensor.shape[3]!;
  const pairs = tf.mul(
    tf.reshape(one.tensor, [replicas, samples, rows, n, 1]),
    tf.reshape(other.tensor, [replicas, samples, rows, 1, m]),
  );
  return tf.reshape(pairs, [replicas, samples, rows, n * m]);
}

function sumOfRows({ of }: SumOfRows, ways: Ways<Value>): Tensor {
  const found = of.map(({ table, ids }) => ways.lookUp(table, flat(ids)));
  const { ids, table } = of[0]!;
  const sum = found.length === 1 ? found[0]! : tf.addN(found);
  return tf.reshape(sum, [...ids.shape, table.shape[2]!]);
}
