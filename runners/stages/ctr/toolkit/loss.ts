import type { Present } from "../model.js";
import { differentiable, tf, type Tensor } from "../tensorflow.js";

/**
 * Mean binary cross-entropy of logits and labels, float32 [R, B]: one loss a replica, [R]. In the
 * form max(z, 0) − z y + log(1 + exp(−|z|)), which does not overflow; gradient (σ(z) − y) / B.
 */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return differentiable(
    [logits],
    (save) => {
      save([logits, labels]);
      return tf.mean(ofEach(logits, labels), 1);
    },
    (dy, [z, y]) => {
      const share = tf.div(tf.expandDims(dy, 1), z!.shape[1]!);
      return [tf.mul(tf.sub(tf.sigmoid(z!), y!), share)];
    },
  );
}

/** The same where only some samples count: the mean is over these. */
export function crossEntropyOfPresent(
  logits: Tensor,
  labels: Tensor,
  { mask, count }: Present,
): Tensor {
  return differentiable(
    [logits],
    (save) => {
      save([logits, labels, mask, count]);
      return tf.div(tf.sum(tf.mul(ofEach(logits, labels), mask), 1), count);
    },
    (dy, [z, y, mask, count]) => {
      const share = tf.mul(tf.div(tf.expandDims(dy, 1), count!), mask!);
      return [tf.mul(tf.sub(tf.sigmoid(z!), y!), share)];
    },
  );
}

/** Each sample's loss, [R, B]. */
function ofEach(logits: Tensor, labels: Tensor): Tensor {
  const tail = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
  return tf.add(tf.sub(tf.relu(logits), tf.mul(logits, labels)), tail);
}
