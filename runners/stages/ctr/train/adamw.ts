import { tf, type Tensor, type Variable } from "../tensorflow.js";
import type { AdamKernel, AdamScalars, Kernels } from "../graph/session.js";
import { zerosVariable } from "../graph/zeros.js";
import type { Parameter } from "../model.js";
import { rates, type Rate } from "./schedule.js";

/** Kingma and Ba's constants; eps as the reference has it. */
const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/** The optimizer's settings for one replica. */
export interface ReplicaRule {
  readonly rate: Rate;
  readonly weightDecay: number;
  /** The largest norm of all gradients together; 0: no limit. */
  readonly clipNorm: number;
}

interface Slot {
  readonly parameter: Parameter;
  readonly first: Variable;
  readonly second: Variable;
  /**
   * Zeros between two steps. For replicas with different rates the kernel writes a step of rate 1
   * here.
   */
  readonly move: Variable | null;
}

/**
 * AdamW (Loshchilov and Hutter 2019) over R replicas, each with its own rate, decay and clipping:
 * p ← p − rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + eps), then p ← p − rate · decay · p for
 * parameters that decay. Where the session has TensorFlow's kernel, which passes over the numbers
 * once, a step is made by it: on the parameter itself where all replicas share one rate, else on zeros,
 * to be scaled by each replica's rate.
 */
export class AdamW {
  readonly slots: readonly Slot[];
  /** The number of steps that each replica has done: float32 [R]. */
  readonly step: Variable;
  readonly #rules: readonly ReplicaRule[];
  readonly #kernel: boolean;
  /** All replicas are at the same step of the same schedule. */
  readonly #uniform: boolean;

  /** `kernel`: room for TensorFlow's kernel, which is used then; `sameStep`: all replicas are at one. */
  constructor(
    parameters: readonly Parameter[],
    rules: readonly ReplicaRule[],
    { kernel, sameStep }: { readonly kernel: boolean; readonly sameStep: boolean },
  ) {
    this.#rules = rules;
    this.#kernel = kernel;
    this.#uniform = sameStep && rules.every(({ rate }) => sameRate(rate, rules[0]!.rate));
    this.step = zerosVariable([rules.length]);
    this.slots = parameters.map((parameter) => ({
      parameter,
      first: zerosVariable(parameter.variable.shape),
      second: zerosVariable(parameter.variable.shape),
      move: kernel && !this.#uniform ? zerosVariable(parameter.variable.shape) : null,
    }));
  }

  /** One step: updates parameters, moments and step by the gradients, by variable name. */
  apply(gradients: { readonly [variable: string]: Tensor }, { adam }: Kernels): void {
    const kernel = this.#kernel ? adam : null;
    const rate = rates(
      this.#rules.map((rule) => rule.rate),
      this.step,
    );
    const done = tf.add(this.step, 1);
    // 1 − βᵗ without losing digits at the first steps.
    const correction = (beta: number): Tensor => tf.neg(tf.expm1(tf.mul(done, Math.log(beta))));
    const effective = tf.div(tf.mul(rate, tf.sqrt(correction(beta2))), correction(beta1));
    const scale = this.#clipping(gradients);
    for (const slot of this.slots) {
      const { parameter } = slot;
      const gradient = gradients[parameter.variable.name];
      if (gradient === undefined) continue;
      const clipped = scale === null ? gradient : tf.mul(gradient, spread(scale, gradient.rank));
      this.#update(slot, clipped, effective, kernel);
      if (parameter.decays && this.#rules.some((rule) => rule.weightDecay > 0)) {
        const decay = tf.tensor1d(this.#rules.map((rule) => rule.weightDecay));
        const kept = tf.sub(1, tf.mul(rate, decay));
        const { variable } = parameter;
        variable.assign(tf.mul(variable, spread(kept, variable.rank)) as never);
      }
    }
    this.step.assign(done as never);
  }

  #update(
    { parameter, first, second, move }: Slot,
    gradient: Tensor,
    rate: Tensor,
    kernel: AdamKernel | null,
  ): void {
    const { variable } = parameter;
    const eachRate = spread(rate, variable.rank);
    if (kernel === null) {
      const m = tf.add(first, tf.mul(tf.sub(gradient, first), 1 - beta1));
      const v = tf.add(second, tf.mul(tf.sub(tf.square(gradient), second), 1 - beta2));
      const step = tf.mul(tf.div(m, tf.add(tf.sqrt(v), epsilon)), eachRate);
      first.assign(m as never);
      second.assign(v as never);
      variable.assign(tf.sub(variable, step) as never);
      return;
    }
    // The rate already contains the bias corrections, so the kernel's own corrections are switched
    // off.
    const scalars = (kernelRate: Tensor): AdamScalars => ({
      power1: tf.scalar(0),
      power2: tf.scalar(0),
      rate: kernelRate,
      beta1: tf.scalar(beta1),
      beta2: tf.scalar(beta2),
      epsilon: tf.scalar(epsilon),
    });
    if (move === null) {
      const common = tf.reshape(tf.slice(rate, 0, 1), []);
      kernel(variable, first, second, scalars(common), gradient);
      return;
    }
    kernel(move, first, second, scalars(tf.scalar(1)), gradient);
    variable.assign(tf.add(variable, tf.mul(move, eachRate)) as never);
    move.assign(tf.zeros(move.shape));
  }

  /** min(1, clip / norm) of each replica, float32 [R]; null if no replica clips. */
  #clipping(gradients: { readonly [variable: string]: Tensor }): Tensor | null {
    if (this.#rules.every((rule) => rule.clipNorm === 0)) return null;
    const squares = this.slots
      .map(({ parameter }) => gradients[parameter.variable.name])
      .filter((gradient) => gradient !== undefined)
      .map((gradient) => tf.sum(tf.reshape(tf.square(gradient), [this.#rules.length, -1]), 1));
    const norm = tf.sqrt(tf.addN(squares));
    const limit = tf.tensor1d(
      this.#rules
        .map((rule) => (rule.clipNorm === 0 ? Number.MAX_VALUE : rule.clipNorm))
        .map(toFloat),
    );
    return tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1);
  }

  dispose(): void {
    this.step.dispose();
    for (const { first, second, move } of this.slots) {
      first.dispose();
      second.dispose();
      move?.dispose();
    }
  }
}

/** Replaces larger numbers by float32's largest number. */
const toFloat = (value: number): number => Math.min(value, 3.4e38);

/** [R] as [R, 1, 1, ...]. */
const spread = (values: Tensor, rank: number): Tensor =>
  tf.reshape(values, [values.shape[0]!, ...Array<number>(rank - 1).fill(1)]);

const sameRate = (a: Rate, b: Rate): boolean =>
  a.peak === b.peak && a.steps === b.steps && a.warmup === b.warmup && a.schedule === b.schedule;
