import { tf, type Tensor, type Tensor1D } from "../tensorflow.js";
import type { CtrParams } from "../settings.js";

/** The settings of one replica's learning rate. */
export interface Rate {
  readonly peak: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** The number of warm-up steps, in which the rate rises from 0. */
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
export function rates(replicas: readonly Rate[], step: Tensor): Tensor {
  const column = (of: (rate: Rate) => number): Tensor1D => tf.tensor1d(replicas.map(of), "float32");
  const warmup = column((rate) => rate.warmup);
  const span = column((rate) => Math.max(1, rate.steps - rate.warmup));
  const progress = tf.clipByValue(tf.div(tf.sub(step, warmup), span), 0, 1);
  const cosine = tf.mul(tf.add(tf.cos(tf.mul(progress, Math.PI)), 1), 0.5);
  const constant = column((rate) => (rate.schedule === "constant" ? 1 : 0));
  const course = tf.add(constant, tf.mul(tf.sub(1, constant), cosine));
  const rising = tf.minimum(tf.div(step, tf.maximum(warmup, 1)), 1);
  const warm = tf.where(tf.greater(warmup, 0), rising, tf.onesLike(rising));
  return tf.mul(
    tf.mul(
      column((rate) => rate.peak),
      course,
    ),
    warm,
  );
}
