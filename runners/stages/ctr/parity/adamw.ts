import type { Parameter } from "../model.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { GoldenCase } from "./case.js";

/**
 * AdamW as the reference's optimizer writes it, eagerly: p ← p − lr √(1 − β₂ᵗ) / (1 − β₁ᵗ) m / (√v +
 * eps), then p ← p − lr · weight_decay · p, biases too.
 */
export class AdamW {
  private step = 0;
  private readonly moments = new Map<string, { mean: Tensor; square: Tensor }>();

  constructor(private readonly settings: GoldenCase["optimizer"]) {}

  /** One step, of the parameters that have a gradient. */
  apply(parameters: readonly Parameter[], gradients: ReadonlyMap<string, Tensor>): void {
    const { lr, eps, betas, weight_decay } = this.settings;
    const [beta1, beta2] = betas;
    this.step++;
    const rate = (lr * Math.sqrt(1 - beta2 ** this.step)) / (1 - beta1 ** this.step);
    for (const { name, variable } of parameters) {
      const gradient = gradients.get(name);
      if (gradient === undefined) continue;
      const old = this.moments.get(name);
      const [mean, square, value] = tf.tidy(() => {
        const mean = blend(old?.mean, gradient, beta1);
        const square = blend(old?.square, tf.square(gradient), beta2);
        const moved = tf.sub(variable, tf.mul(rate, tf.div(mean, tf.add(tf.sqrt(square), eps))));
        return [mean, square, tf.sub(moved, tf.mul(moved, lr * weight_decay))];
      }) as [Tensor, Tensor, Tensor];
      old?.mean.dispose();
      old?.square.dispose();
      this.moments.set(name, { mean, square });
      variable.assign(value);
      value.dispose();
    }
  }

  dispose(): void {
    for (const { mean, square } of this.moments.values()) {
      mean.dispose();
      square.dispose();
    }
  }
}

/** β · old + (1 − β) · now, old being zero at first. */
function blend(old: Tensor | undefined, now: Tensor, beta: number): Tensor {
  const fresh = tf.mul(now, 1 - beta);
  return old === undefined ? fresh : tf.add(tf.mul(old, beta), fresh);
}
