import { project } from "../toolkit/dense.js";
import { matMulOfColumns } from "../toolkit/operations.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { Value } from "../toolkit/value.js";
import type { Rewriting } from "./rewriting.js";

/** A dense layer without ReLU on the products of rows a and b. */
interface LayerOnProducts {
  readonly of: readonly [Value, Value];
  readonly kernel: Tensor;
  readonly bias: Tensor | null;
}

/**
 * The sum of all rows after a dense layer is the layer on the sum of the rows, with the bias once for each
 * row: Σ (x W + b) = (Σ x) W + rows · b. Where a row x holds the products of a row of a and a row of b, their sum is
 * aᵀ b. The layer's output for each row is computed only if something else needs it, too.
 */
export const sumsFirst: Rewriting = (below) => {
  const layers = new WeakMap<Value, LayerOnProducts>();
  return {
    dense(input, kernel, bias, relu) {
      if (relu || input.form.kind !== "outer") return below.dense(input, kernel, bias, relu);
      const make = (): Tensor => below.dense(input, kernel, bias, relu).tensor;
      const output = input.made({ kind: "given", make });
      layers.set(output, { of: input.form.of, kernel, bias });
      return output;
    },

    addRows(rows) {
      const layer = layers.get(rows);
      if (layer === undefined) return below.addRows(rows);
      const [a, b] = layer.of.map(({ tensor }) => tensor) as [Tensor, Tensor];
      const [replicas, samples, n] = a.shape as [number, number, number];
      const sum = tf.reshape(matMulOfColumns(a, b), [replicas, samples, -1]);
      const bias = layer.bias === null ? null : tf.mul(layer.bias, n);
      return project(rows.made(sum), layer.kernel, bias);
    },
  };
};
