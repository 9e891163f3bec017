import { xavierNormal, zeros } from "./initial.js";
import type { LayerContext } from "./context.js";
import { project, type Layer } from "./dense.js";
import { activate, matMul, reduce } from "./operations.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { Value } from "./value.js";

/** Several experts after their first layer; a gate mixes their outputs. */
export interface Experts {
  readonly count: number;
  readonly width: number;
  /** The sum of the experts' outputs weighted by `gate`, a vector of `count` numbers. */
  mix(hidden: Value, gate: Value): Value;
}

/** The first layer of `count` experts as one product: a vector of count · width numbers, with ReLU. */
export function expertInput(
  kit: LayerContext,
  name: string,
  count: number,
  from: number,
  width: number,
): Layer {
  const { parameters } = kit;
  const kernel = parameters.add(
    `${name}.kernel`,
    [from, count * width],
    xavierNormal(from, width),
    true,
  );
  const bias = parameters.add(`${name}.bias`, [count * width], zeros, false);
  return (input) => project(input, kernel, bias, true);
}

/**
 * The deeper layers of `count` experts, each layer one batched product, ReLU after each, and the
 * gate's mixture of the last. `sizes` are the widths of all layers; the first layer was
 * {@link expertInput}.
 */
export function expertLayers(
  kit: LayerContext,
  name: string,
  count: number,
  sizes: readonly number[],
): Experts {
  const layers = sizes.slice(1).map((to, i) => {
    const from = sizes[i]!;
    return {
      kernel: kit.parameters.add(
        `${name}.layer_${i + 1}.kernel`,
        [count, from, to],
        xavierNormal(from, to),
        true,
      ),
      bias: kit.parameters.add(`${name}.layer_${i + 1}.bias`, [count, to], zeros, false),
    };
  });
  return {
    count,
    width: sizes.at(-1)!,
    mix(hidden, gate) {
      const [replicas, samples] = hidden.tensor.shape as [number, number];
      const apart = tf.reshape(hidden.tensor, [replicas, samples, count, sizes[0]!]);
      let byExpert: Tensor = tf.transpose(apart, [0, 2, 1, 3]);
      for (const { kernel, bias } of layers) {
        const to = kernel.shape.at(-1)!;
        const offset = tf.reshape(bias, [replicas, count, 1, to]);
        byExpert = activate(tf.add(matMul(byExpert, kernel), offset), "Relu");
      }
      const weights = tf.reshape(tf.transpose(gate.tensor, [0, 2, 1]), [
        replicas,
        count,
        samples,
        1,
      ]);
      return hidden.made(reduce(tf.mul(byExpert, weights), 1, "sum"));
    },
  };
}
