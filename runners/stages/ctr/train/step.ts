import type { TensorFlow as tf } from "../../../base/tensorflow.js";
import type { Model } from "../model.js";
import type { AdamW } from "./adamw.js";
import type { Pass } from "./pass.js";

/** Forward pass, gradients, optimizer step, new state, and the loss added to its sum. */
export function trainingStep(
  t: typeof tf,
  model: Model,
  optimizer: AdamW,
  lossSum: tf.Variable,
  pass: () => Pass,
): void {
  let updates: readonly tf.Tensor[] = [];
  let perReplica: tf.Tensor | undefined;
  let samples = 0;
  const { grads } = t.variableGrads(
    () => {
      const result = pass();
      // Replicas share nothing, so the gradient of the sum is each one's own gradient.
      updates = result.updates.map((update) => t.keep(update));
      perReplica = t.keep(result.loss);
      samples = result.samples;
      return t.sum(result.loss) as tf.Scalar;
    },
    model.parameters.map(({ variable }) => variable),
  );
  optimizer.apply(grads);
  model.state.forEach(({ variable }, i) => {
    if (updates[i] !== variable) variable.assign(updates[i] as never);
  });
  lossSum.assign(t.add(lossSum, t.mul(perReplica!, samples)) as never);
  perReplica!.dispose();
  for (const update of updates) if (!(update instanceof t.Variable)) update.dispose();
}
