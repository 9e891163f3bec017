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
      const tail = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
      return tf.mean(tf.add(tf.sub(tf.relu(logits), tf.mul(logits, labels)), tail), 1);
    },
    (dy, [z, y]) => {
      const share = tf.div(tf.expandDims(dy, 1), z!.shape[1]!);
      return [tf.mul(tf.sub(tf.sigmoid(z!), y!), share)];
    },
  );
}
