import type { TensorFlow as tf } from "../../../base/tensorflow.js";
import { activeRecorder, type AdamScalars } from "../graph/record.js";
import type { Parameter } from "../model.js";
import { rates, type Rate } from "./schedule.js";

/** Kingma and Ba's constants; eps as the reference has it. */
const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/** What the optimizer does for one replica. */
export interface ReplicaRule {
  readonly rate: Rate;
  readonly weightDecay: number;
  /** Largest norm of all gradients together; 0: any. */
  readonly clipNorm: number;
}

interface Slot {
  readonly parameter: Parameter;
  readonly first: tf.Variable;
  readonly second: tf.Variable;
  /** Zeros between steps: where the kernel leaves a step of rate 1 for replicas of unequal rates. */
  readonly move: tf.Variable | null;
}

/**
 * AdamW (Loshchilov and Hutter 2019) over R replicas, each with its own rate, decay and clipping:
 * p ← p − rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + eps), then p ← p − rate · decay · p for
 * parameters that decay. A traced step uses TensorFlow's kernel, which passes over the numbers once:
 * on the parameter itself where all replicas share one rate, else on zeros, to be scaled by each
 * replica's rate.
 */
export class AdamW {
  readonly slots: readonly Slot[];
  /** Steps done by each replica: float32 [R]. */
  readonly step: tf.Variable;
  readonly #tf: typeof tf;
  readonly #rules: readonly ReplicaRule[];
  readonly #kernel: boolean;
  /** All replicas are at one step of one course. */
  readonly #uniform: boolean;

  /** `kernel`: whether TensorFlow's Adam kernel may be used; `sameStep`: all replicas are at one. */
  constructor(
    tensorflow: typeof tf,
    parameters: readonly Parameter[],
    rules: readonly ReplicaRule[],
    { kernel, sameStep }: { readonly kernel: boolean; readonly sameStep: boolean },
  ) {
    this.#tf = tensorflow;
    this.#rules = rules;
    this.#kernel = kernel;
    this.#uniform = sameStep && rules.every(({ rate }) => sameRate(rate, rules[0]!.rate));
    const zeros = (shape: number[]): tf.Variable =>
      tensorflow.tidy(() => tensorflow.variable(tensorflow.zeros(shape), false));
    this.step = zeros([rules.length]);
    this.slots = parameters.map((parameter) => ({
      parameter,
      first: zeros(parameter.variable.shape),
      second: zeros(parameter.variable.shape),
      move: kernel && !this.#uniform ? zeros(parameter.variable.shape) : null,
    }));
  }

  /** One step: updates parameters, moments and step by the gradients, by variable name. */
  apply(gradients: { readonly [variable: string]: tf.Tensor }): void {
    const t = this.#tf;
    const rate = rates(
      t,
      this.#rules.map((rule) => rule.rate),
      this.step,
    );
    const done = t.add(this.step, 1);
    // 1 − βᵗ without losing digits at the first steps.
    const correction = (beta: number): tf.Tensor => t.neg(t.expm1(t.mul(done, Math.log(beta))));
    const effective = t.div(t.mul(rate, t.sqrt(correction(beta2))), correction(beta1));
    const scale = this.#clipping(gradients);
    for (const slot of this.slots) {
      const { parameter } = slot;
      const gradient = gradients[parameter.variable.name];
      if (gradient === undefined) continue;
      const clipped = scale === null ? gradient : t.mul(gradient, spread(t, scale, gradient.rank));
      this.#update(slot, clipped, effective);
      if (parameter.decays && this.#rules.some((rule) => rule.weightDecay > 0)) {
        const decay = t.tensor1d(this.#rules.map((rule) => rule.weightDecay));
        const kept = t.sub(1, t.mul(rate, decay));
        const { variable } = parameter;
        variable.assign(t.mul(variable, spread(t, kept, variable.rank)) as never);
      }
    }
    this.step.assign(done as never);
  }

  #update({ parameter, first, second, move }: Slot, gradient: tf.Tensor, rate: tf.Tensor): void {
    const t = this.#tf;
    const { variable } = parameter;
    const recorder = this.#kernel ? activeRecorder() : undefined;
    const eachRate = spread(t, rate, variable.rank);
    if (recorder === undefined) {
      const m = t.add(first, t.mul(t.sub(gradient, first), 1 - beta1));
      const v = t.add(second, t.mul(t.sub(t.square(gradient), second), 1 - beta2));
      const step = t.mul(t.div(m, t.add(t.sqrt(v), epsilon)), eachRate);
      first.assign(m as never);
      second.assign(v as never);
      variable.assign(t.sub(variable, step) as never);
      return;
    }
    // The bias corrections are in the rate already, so the kernel's own are switched off.
    const scalars = (kernelRate: tf.Tensor): AdamScalars => ({
      power1: t.scalar(0),
      power2: t.scalar(0),
      rate: kernelRate,
      beta1: t.scalar(beta1),
      beta2: t.scalar(beta2),
      epsilon: t.scalar(epsilon),
    });
    if (move === null) {
      const common = t.reshape(t.slice(rate, 0, 1), []);
      recorder.applyAdam(variable, first, second, scalars(common), gradient);
      return;
    }
    recorder.applyAdam(move, first, second, scalars(t.scalar(1)), gradient);
    variable.assign(t.add(variable, t.mul(move, eachRate)) as never);
    move.assign(t.zeros(move.shape));
  }

  /** min(1, clip / norm) of each replica, float32 [R]; null where nobody clips. */
  #clipping(gradients: { readonly [variable: string]: tf.Tensor }): tf.Tensor | null {
    if (this.#rules.every((rule) => rule.clipNorm === 0)) return null;
    const t = this.#tf;
    const squares = this.slots
      .map(({ parameter }) => gradients[parameter.variable.name])
      .filter((gradient) => gradient !== undefined)
      .map((gradient) => t.sum(t.reshape(t.square(gradient), [this.#rules.length, -1]), 1));
    const norm = t.sqrt(t.addN(squares));
    const limit = t.tensor1d(
      this.#rules
        .map((rule) => (rule.clipNorm === 0 ? Number.MAX_VALUE : rule.clipNorm))
        .map(toFloat),
    );
    return t.minimum(t.div(limit, t.add(norm, 1e-6)), 1);
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

/** float32's largest number in place of what lies beyond it. */
const toFloat = (value: number): number => Math.min(value, 3.4e38);

/** [R] as [R, 1, 1, ...]. */
const spread = (t: typeof tf, values: tf.Tensor, rank: number): tf.Tensor =>
  t.reshape(values, [values.shape[0]!, ...Array<number>(rank - 1).fill(1)]);

const sameRate = (a: Rate, b: Rate): boolean =>
  a.peak === b.peak && a.steps === b.steps && a.warmup === b.warmup && a.schedule === b.schedule;
