import { matMul } from "./operations.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { Value } from "./value.js";

export interface HeadOptions {
  readonly heads: number;
  readonly scale: number;
  /**
   * True: a sample's numbers are cut into heads in the order of memory, as in the reference. That
   * mixes rows and widths. With one head there is no difference.
   */
  readonly contiguous?: boolean;
}

/** softmax(q · kᵀ / scale) · v of each head; q, k, v are rows of width heads · size. */
export function attendByHeads(
  q: Value,
  k: Value,
  v: Value,
  { heads, scale, contiguous = false }: HeadOptions,
): Value {
  const split = (value: Value): Tensor => splitHeads(value.tensor, heads, contiguous);
  const scores = tf.mul(matMul(split(q), split(k), true), 1 / scale);
  const weights = q.forward.dropout(tf.softmax(scores));
  return q.made(joinHeads(matMul(weights, split(v)), heads, contiguous));
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
