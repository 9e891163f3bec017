import type { TensorFlow as tf } from "../../../base/tensorflow.js";
import type { CtrParams } from "../settings.js";

/** What the learning rate of one replica is made of. */
export interface Rate {
  readonly peak: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** Steps over which the rate first rises from 0. */
  readonly warmup: number;
  readonly schedule: CtrParams["schedule"];
}

export function rateOf(params: CtrParams, stepsPerEpoch: number): Rate {
  const steps = stepsPerEpoch * params.epochs;
  return {
    peak: params.learning_rate,
    steps,
    warmup: Math.floor(steps * params.warmup),
    schedule: params.schedule,
  };
}

/** Learning rate of step `step`, from 0: peak · (1 + cos(π · progress)) / 2 after the warm-up. */
export function rateAt({ peak, steps, warmup, schedule }: Rate, step: number): number {
  if (step < warmup) return (peak * step) / warmup;
  if (schedule === "constant") return peak;
  const progress = Math.min((step - warmup) / Math.max(1, steps - warmup), 1);
  return (peak * (1 + Math.cos(Math.PI * progress))) / 2;
}

/** {@link rateAt} for R replicas within a graph: float32 [R] from the steps done, float32 [R]. */
export function rates(t: typeof tf, replicas: readonly Rate[], step: tf.Tensor): tf.Tensor {
  const column = (of: (rate: Rate) => number): tf.Tensor1D =>
    t.tensor1d(replicas.map(of), "float32");
  const warmup = column((rate) => rate.warmup);
  const span = column((rate) => Math.max(1, rate.steps - rate.warmup));
  const progress = t.clipByValue(t.div(t.sub(step, warmup), span), 0, 1);
  const cosine = t.mul(t.add(t.cos(t.mul(progress, Math.PI)), 1), 0.5);
  const constant = column((rate) => (rate.schedule === "constant" ? 1 : 0));
  const course = t.add(constant, t.mul(t.sub(1, constant), cosine));
  const rising = t.minimum(t.div(step, t.maximum(warmup, 1)), 1);
  const warm = t.where(t.greater(warmup, 0), rising, t.onesLike(rising));
  return t.mul(
    t.mul(
      column((rate) => rate.peak),
      course,
    ),
    warm,
  );
}
