import { dense, project } from "./dense.js";
import { dice } from "./dice.js";
import { xavierNormal, zeros } from "./initial.js";
import type { LayerContext } from "./context.js";
import { matMul, weightedSum } from "./operations.js";
import { tf, type Tensor } from "../tensorflow.js";
import { Value } from "./value.js";

/** What attention over a history gives. */
export interface Pooled {
  /** The weighted sum of the rows, a vector. */
  readonly pooled: Value;
  /** The weights, rows of width 1; not normalised. */
  readonly weights: Value;
}

/** Weights the rows of `keys` by their fit to `query`; the mask (rows of width 1) is 0 on padding. */
export type AttentionPooling = (query: Value, keys: Value, mask: Value) => Pooled;

/**
 * DIN's attention: a small network with Dice on [q, k, q − k, q ⊙ k] gives each row's weight.
 *
 * The first layer's kernel is kept in those four blocks. With `split-kernels` the product is taken
 * apart: q meets (Wq + Wd) once a sample instead of once a row, and a row costs half of the multiplications.
 */
export function attentionPooling(
  kit: LayerContext,
  name: string,
  rows: number,
  width: number,
  hidden: readonly number[],
): AttentionPooling {
  const first = hidden[0]!;
  const kernel = kit.parameters.add(
    `${name}.dense_0.kernel`,
    [4 * width, first],
    xavierNormal(4 * width, first),
    true,
  );
  const bias = kit.parameters.add(`${name}.dense_0.bias`, [first], zeros, false);
  const activations = hidden.map((to, i) => dice(kit, `${name}.dice_${i}`, rows, to));
  const deeper = hidden
    .slice(1)
    .map((to, i) => dense(kit, `${name}.dense_${i + 1}`, hidden[i]!, to));
  const last = dense(kit, `${name}.dense_${hidden.length}`, hidden.at(-1)!, 1);

  const byProduct = kit.device.sumsByProduct && kit.rewrites.has("sum-by-product");
  const ofParts = (query: Value, keys: Value): Value => {
    const [q, k, difference, both] = tf.split(kernel, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const ofQuery = project(query, tf.add(q, difference), bias);
    const ofRows = project(keys, tf.sub(k, difference), null);
    return ofRows.add(project(keys.mul(query), both, null)).add(ofQuery);
  };
  const ofWhole = (query: Value, keys: Value): Value => {
    const spread = new Value(tf.broadcastTo(tf.expandDims(query.tensor, 2), keys.tensor.shape));
    const parts = [spread, keys, spread.sub(keys), spread.mul(keys)].map(({ tensor }) => tensor);
    return project(new Value(tf.concat(parts, 3)), kernel, bias);
  };
  const firstLayer = kit.rewrites.has("split-kernels") ? ofParts : ofWhole;

  return (query, keys, mask) => {
    let value = firstLayer(query, keys);
    activations.forEach((activation, i) => {
      value = kit.dropout(activation(i === 0 ? value : deeper[i - 1]!(value)));
    });
    const weights = last(value).mul(mask);
    return {
      pooled: new Value(weightedSum(keys.tensor, weights.tensor, byProduct)),
      weights,
    };
  };
}

/** softmax(q · kᵀ / scale) · v of each head; q, k, v are rows of width heads · size. */
export function attendByHeads(
  kit: LayerContext,
  q: Value,
  k: Value,
  v: Value,
  { heads, scale, contiguous = false }: HeadOptions,
): Value {
  const split = (value: Value): Tensor => splitHeads(value.tensor, heads, contiguous);
  const scores = tf.mul(matMul(split(q), split(k), true), 1 / scale);
  const weights = kit.dropout(new Value(tf.softmax(scores)));
  return new Value(joinHeads(matMul(weights.tensor, split(v)), heads, contiguous));
}

export interface HeadOptions {
  readonly heads: number;
  readonly scale: number;
  /**
   * Cut a sample's numbers into heads as they lie in memory, as the reference does, which mixes rows
   * and widths. One head is the same either way.
   */
  readonly contiguous?: boolean;
}

/** [R, B, N, heads · size] to [R, B, heads, N, size]. */
function splitHeads(x: Tensor, heads: number, contiguous: boolean): Tensor {
  if (heads === 1) return x;
  const [replicas, samples, rows, width] = x.shape as [number, number, number, number];
  const size = width / heads;
  if (contiguous) return tf.reshape(x, [replicas, samples, heads, rows, size]);
  return tf.transpose(tf.reshape(x, [replicas, samples, rows, heads, size]), [0, 1, 3, 2, 4]);
}

function joinHeads(x: Tensor, heads: number, contiguous: boolean): Tensor {
  if (heads === 1) return x;
  const [replicas, samples, , rows, size] = x.shape as [number, number, number, number, number];
  const ordered = contiguous ? x : tf.transpose(x, [0, 1, 3, 2, 4]);
  return tf.reshape(ordered, [replicas, samples, rows, heads * size]);
}

/** Each row's weights of the other rows of its sample: rows [n, n] that sum to 1, 0 on the diagonal. */
export type PairAttention = (rows: Value) => Value;

/**
 * Softmax over targets of a leaky ReLU (slope 0.01) of a linear function of [source, target]. With
 * `split-kernels` the linear function is taken apart, so that each row is multiplied once instead of once a pair.
 */
export function pairAttention(kit: LayerContext, name: string, width: number): PairAttention {
  const start = xavierNormal(2 * width, 1);
  const kernel = kit.parameters.add(`${name}.kernel`, [2 * width, 1], start, true);
  const ofParts = (rows: Value): Value => {
    const [source, target] = tf.split(kernel, 2, 1) as [Tensor, Tensor];
    return project(rows, source, null).add(project(rows, target, null).transpose());
  };
  const ofPairs = (rows: Value): Value => {
    const n = rows.rows!;
    const places = Array.from({ length: n * n }, (_, i) => i);
    const sources = rows.select(places.map((i) => Math.floor(i / n)));
    const targets = rows.select(places.map((i) => i % n));
    const pairs = new Value(tf.concat([sources.tensor, targets.tensor], 3));
    return project(pairs, kernel, null).flatten().toRows(n);
  };
  const score = kit.rewrites.has("split-kernels") ? ofParts : ofPairs;
  return (rows) => {
    const scores = score(rows);
    const n = rows.rows!;
    const diagonal = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? -1e30 : 0));
    const others = new Value(tf.tensor4d(diagonal, [1, 1, n, n]), true);
    return scores.leakyRelu(0.01).add(others).softmax();
  };
}
