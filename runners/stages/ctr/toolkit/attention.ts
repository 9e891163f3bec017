import { dense } from "./dense.js";
import { dice } from "./dice.js";
import { xavierNormal, zeros } from "./initial.js";
import type { LayerContext } from "./context.js";
import { tf } from "../tensorflow.js";
import type { Value } from "./value.js";

/** What attention over a history gives. */
export interface Pooled {
  /** The weighted sum of the rows, a vector. */
  readonly pooled: Value;
  /** The weights, rows of width 1; not normalised. */
  readonly weights: Value;
}

/** Weights each row of `keys` by how well it fits `query`. The mask (rows of width 1) is 0 on padding. */
export type AttentionPooling = (query: Value, keys: Value, mask: Value) => Pooled;

/**
 * DIN's attention: a small network with Dice on [q, k, q − k, q ⊙ k] gives each row's weight.
 *
 * The kernel of the first layer consists of four blocks, one for each of these parts.
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

  return (query, keys, mask) => {
    const { ways } = keys.forward;
    let value = ways.meetQuery(query, keys, kernel, bias);
    activations.forEach((activation, i) => {
      value = kit.dropout(activation(i === 0 ? value : deeper[i - 1]!(value)));
    });
    const weights = last(value).mul(mask);
    return { pooled: ways.weightedSum(keys, weights), weights };
  };
}

/** Each row's weights of the other rows of its sample: rows [n, n] that sum to 1, 0 on the diagonal. */
export type PairAttention = (rows: Value) => Value;

/**
 * Softmax over targets of a leaky ReLU (slope 0.01) of a linear function of [source, target].
 */
export function pairAttention(kit: LayerContext, name: string, width: number): PairAttention {
  const start = xavierNormal(2 * width, 1);
  const kernel = kit.parameters.add(`${name}.kernel`, [2 * width, 1], start, true);
  return (rows) => {
    const scores = rows.forward.ways.meetPairs(rows, kernel);
    const n = rows.rows!;
    const diagonal = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? -1e30 : 0));
    const others = rows.made(tf.tensor4d(diagonal, [1, 1, n, n]), true);
    return scores.leakyRelu(0.01).add(others).softmax();
  };
}
