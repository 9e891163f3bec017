import { nodeBackend, tf, type Tensor } from "../tensorflow.js";

/** The settings that decide the dropout noise of one replica. */
export interface NoiseSource {
  readonly seed: number;
  /** Share dropped. */
  readonly dropout: number;
}

/**
 * Dropout noise for R replicas: for each call a float32 [R, ...shape] of 0 and 1 / (1 − rate),
 * decided by the replica's seed, its step and the call's place within the step (TensorFlow's
 * StatelessRandomUniform), so that it is the same eagerly, in a graph, and among any neighbours.
 * Undefined where no replica drops anything.
 *
 * @param step steps done by each replica, float32 [R]
 */
export function dropoutNoise(
  replicas: readonly NoiseSource[],
  step: Tensor,
): ((shape: readonly number[]) => Tensor) | undefined {
  if (replicas.every(({ dropout }) => dropout === 0)) return undefined;
  const steps = tf.unstack(tf.cast(step, "int32"));
  let place = 0;
  return (shape) => {
    const site = place++;
    return tf.stack(
      replicas.map(({ seed, dropout }, replica) => {
        if (dropout === 0) return tf.ones([...shape]);
        const key = tf.stack([tf.scalar(mix(seed, site), "int32"), steps[replica]!]);
        const kept = tf.greaterEqual(uniform(shape, key), tf.scalar(dropout));
        return tf.mul(tf.cast(kept, "float32"), 1 / (1 - dropout));
      }),
    );
  };
}

/** Uniform numbers in [0, 1) from a key of two int32. */
function uniform(shape: readonly number[], key: Tensor): Tensor {
  const backend = nodeBackend();
  const type = backend.binding["TF_ATTR_TYPE"]!;
  return backend.executeSingleOutput(
    "StatelessRandomUniform",
    [
      { name: "dtype", type, value: backend.binding["TF_FLOAT"] },
      { name: "T", type, value: backend.binding["TF_INT32"] },
      { name: "Tseed", type, value: backend.binding["TF_INT32"] },
    ],
    [tf.tensor1d([...shape], "int32"), key] as never[],
  );
}

/** One int32 of a seed and a place, well spread (a round of the murmur3 finaliser). */
function mix(seed: number, place: number): number {
  let h = Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
