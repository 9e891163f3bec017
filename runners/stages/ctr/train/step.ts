import { tf, type Scalar, type Tensor, type Variable } from "../tensorflow.js";
import type { Kernels } from "../graph/session.js";
import type { Model } from "../model.js";
import type { AdamW } from "./adamw.js";
import type { BatchLoss } from "./piece.js";

/** One training step: loss, gradients, optimizer step, new state, and the loss added to its sum. */
export function trainStep(
  model: Model,
  optimizer: AdamW,
  lossSum: Variable,
  kernels: Kernels,
  loss: () => BatchLoss,
): void {
  let updates: readonly Tensor[] = [];
  let perReplica: Tensor | undefined;
  let samples: number | Tensor = 0;
  const { grads } = tf.variableGrads(
    () => {
      const result = loss();
      // Replicas share no parameters, so the gradient of the summed loss is the gradient of each
      // replica's loss.
      updates = result.updates.map((update) => tf.keep(update));
      perReplica = tf.keep(result.loss);
      samples = result.samples;
      return tf.sum(result.loss) as Scalar;
    },
    model.parameters.map(({ variable }) => variable),
  );
  optimizer.apply(grads, kernels);
  model.state.forEach(({ variable }, i) => {
    if (updates[i] !== variable) variable.assign(updates[i] as never);
  });
  lossSum.assign(tf.add(lossSum, tf.mul(perReplica!, samples)) as never);
  perReplica!.dispose();
  for (const update of updates) if (!(update instanceof tf.Variable)) update.dispose();
}
