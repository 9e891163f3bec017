import { zeros } from "./initial.js";
import type { LayerContext } from "./context.js";
import type { Layer } from "./dense.js";
import type { Present } from "../model.js";
import { differentiable, execute, tf, type Tensor } from "../tensorflow.js";

const epsilon = 1e-9;
/** Share of the old running statistic that an update keeps. */
const momentum = 0.9;

/**
 * Dice (Zhou et al. 2018, DIN, eq. 3): x · (p + α (1 − p)), p = σ of x standardised, one α for all
 * channels, statistics per row and channel. In training they are the statistics of the batch (unbiased variance);
 * in scoring the running statistics, so that a score depends on its own sample alone. A batch of one
 * sample has no variance and uses the running statistics too.
 */
export function dice(kit: LayerContext, name: string, rows: number, width: number): Layer {
  const alpha = kit.parameters.add(`${name}.alpha`, [1], zeros, true);
  const means = kit.parameters.addState(`${name}.mean`, [rows * width], 0);
  const variances = kit.parameters.addState(`${name}.variance`, [rows * width], 1);
  return (input) => {
    const { shape } = input.tensor;
    const [replicas, samples] = shape as [number, number];
    const x = tf.reshape(input.tensor, [replicas, samples, -1]);
    const a = tf.reshape(alpha, [replicas, 1, 1]);
    const running = [means, variances].map((place) => kit.parameters.state[place]!.variable);
    let y: Tensor;
    if (input.forward.mode.training && samples > 1) {
      const { present = null } = input.forward.mode;
      const of = present && {
        mask: tf.reshape(present.mask, [1, samples, 1]),
        count: present.count,
      };
      const batch = statistics(x, of);
      [means, variances].forEach((place, i) => {
        const blended = tf.add(
          tf.mul(running[i]!, momentum),
          tf.mul(tf.squeeze(batch[i]!, [1]), 1 - momentum),
        );
        input.forward.updateState(place, blended);
      });
      y = standardisedByBatch(x, a, batch, of);
    } else {
      const [mean, variance] = running.map((value) => tf.expandDims(value, 1)) as [Tensor, Tensor];
      const inverse = tf.rsqrt(tf.add(variance, epsilon));
      const p = tf.sigmoid(tf.mul(tf.sub(x, mean), inverse));
      y = tf.mul(x, gate(a, p));
    }
    return input.made(tf.reshape(y, shape));
  };
}

/** α + (1 − α) p. */
function gate(alpha: Tensor, p: Tensor): Tensor {
  return tf.add(alpha, tf.mul(tf.sub(1, alpha), p));
}

/** Mean and unbiased variance over the samples of x [R, B, n] that count, each [R, 1, n]; the mask is [1, B, 1]. */
function statistics(x: Tensor, present: Present | null): [Tensor, Tensor] {
  const mean = meanOf(x, present);
  const squares = tf.square(tf.sub(x, mean));
  const sum = tf.sum(present === null ? squares : tf.mul(squares, present.mask), 1, true);
  return [mean, tf.div(sum, degrees(x, present))];
}

const meanOf = (x: Tensor, present: Present | null): Tensor =>
  present === null
    ? tf.mean(x, 1, true)
    : tf.div(tf.sum(tf.mul(x, present.mask), 1, true), present.count);

/** What the variance divides by: one less than the samples that count. */
const degrees = (x: Tensor, present: Present | null): number | Tensor =>
  present === null ? x.shape[1]! - 1 : tf.sub(present.count, 1);

/**
 * Dice by the statistics of the batch; the gradient goes through the statistics too. What comes out for samples
 * that do not count has no gradient, and neither do their x.
 */
function standardisedByBatch(
  x: Tensor,
  alpha: Tensor,
  [mean, variance]: [Tensor, Tensor],
  of: Present | null,
): Tensor {
  return differentiable(
    [x, alpha],
    (save) => {
      const inverse = tf.rsqrt(tf.add(variance, epsilon));
      const standard = tf.mul(tf.sub(x, mean), inverse);
      const p = tf.sigmoid(standard);
      const factor = gate(alpha, p);
      save([x, alpha, inverse, standard, p, factor, ...(of === null ? [] : [of.mask, of.count])]);
      return tf.mul(x, factor);
    },
    (dy, saved) => {
      const [x, alpha, inverse, standard, p, factor, mask, count] = saved as [
        ...[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor],
        ...[mask?: Tensor, count?: Tensor],
      ];
      const present = mask === undefined || count === undefined ? null : { mask, count };
      const product = tf.mul(dy, x);
      // In two steps: a GPU sums many columns in parallel, but a sum to one number in one block only.
      const dAlpha = tf.sum(tf.sum(tf.mul(product, tf.sub(1, p)), 1, true), 2, true);
      const dStandard = execute("SigmoidGrad", { T: "float32" }, [
        p,
        tf.mul(product, tf.sub(1, alpha)),
      ]);
      const slope = tf.div(tf.sum(tf.mul(dStandard, standard), 1, true), degrees(x, present));
      const centred = tf.sub(
        tf.sub(dStandard, meanOf(dStandard, present)),
        tf.mul(standard, slope),
      );
      const dx = tf.add(tf.mul(dy, factor), tf.mul(centred, inverse));
      return [present === null ? dx : tf.mul(dx, present.mask), dAlpha];
    },
  );
}
