import { describe, expect, it } from "vitest";
import { GraphSession } from "../../../../../runners/stages/ctr/graph/graph-session.js";
import { tf } from "../../../../../runners/stages/ctr/tensorflow.js";
import { random } from "../../../../../runners/stages/ctr/toolkit/random.js";
import { AdamW, type ReplicaRule } from "../../../../../runners/stages/ctr/train/adamw.js";

const size = 512;
const steps = 40;
const peak = 1e-3;

/** Parameters [R, size] after so many steps by drawn gradients of a scale, with the kernel or without. */
async function train(
  rules: readonly ReplicaRule[],
  scale: number,
  kernel: boolean,
): Promise<Float32Array> {
  const shape = [rules.length, size];
  const draw = random(1, "gradients");
  const numbers = (deviation: number): Float32Array =>
    Float32Array.from({ length: rules.length * size }, () => deviation * draw.normal());
  const variable = tf.variable(tf.tensor(numbers(0.1), shape));
  const gradient = tf.variable(tf.zeros(shape), false);
  const parameter = { name: "kernel", variable, decays: true, ofUsers: false };
  const optimizer = new AdamW([parameter], rules, { kernel, sameStep: true });
  const step = {
    inputs: [],
    run: (_: unknown, kernels: Parameters<AdamW["apply"]>[1]) => {
      optimizer.apply({ [variable.name]: gradient }, kernels);
      return [];
    },
  };
  const session = await GraphSession.create({ step }, { xla: false });
  for (let i = 0; i < steps; i++) {
    session.write([gradient], [numbers(scale)]);
    session.run("step", []);
  }
  const [values] = session.read([variable]);
  session.dispose();
  optimizer.dispose();
  tf.dispose([variable, gradient]);
  return values as Float32Array;
}

const rule = (factor: number, clipNorm = 0): ReplicaRule => ({
  rate: { peak: factor * peak, steps: 1000, warmup: 0, schedule: "constant" },
  weightDecay: 0.01,
  clipNorm,
});

/*
 * What rounding alone may put between the two: a step rounds the parameter (2⁻²⁴ of it), and its own
 * size by the moments' rounding, of which m remembers ten steps' (1 / (1 − β₁)) and v all of them.
 * Each side rounds, hence twice.
 */
const allowed = (largest: number): number =>
  2 * steps * 2 ** -24 * (largest + 2 * peak * (10 + steps));

describe("Adam's kernel and the plain step make the same parameters of the same gradients", () => {
  const rules = {
    "of one rate": [rule(1), rule(1)],
    "of unequal rates": [rule(1), rule(2)],
    clipped: [rule(1, 0.5), rule(1, 0.5)],
  };
  // Beside the gradients of training: those of which epsilon, 1e-8, is no small part, and none at all.
  const scales = [1, 1e-4, 1e-7, 1e-8, 1e-9, 1e-14, 0];
  it.each(Object.entries(rules))("%s", async (_, rules) => {
    for (const scale of scales) {
      const plain = await train(rules, scale, false);
      const ours = await train(rules, scale, true);
      const apart = ours.map((x, i) => Math.abs(x - plain[i]!));
      const largest = Math.max(...plain.map(Math.abs));
      expect({ scale, apart: Math.max(...apart) < allowed(largest) || Math.max(...apart) }).toEqual(
        {
          scale,
          apart: true,
        },
      );
    }
  });
});
