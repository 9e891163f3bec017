import { xavierNormal, zeros, type Initial } from "./initial.js";
import type { LayerContext } from "./context.js";
import { matMul } from "./operations.js";
import { tf, type Tensor } from "../tensorflow.js";
import { knownWidth, type Value } from "./value.js";

/** A function of values with parameters of its own. */
export type Layer = (input: Value) => Value;

export interface DenseOptions {
  /** Whether there is a bias; default true. */
  readonly bias?: boolean;
  readonly activation?: "relu";
  /** Initial values of the kernel; default Xavier normal. */
  readonly initial?: Initial;
  /** Initial values of the bias; default zero. */
  readonly biasInitial?: Initial;
}

/** x · kernel + bias, of a vector or of each row. */
export function dense(
  kit: LayerContext,
  name: string,
  from: number,
  to: number,
  { bias = true, activation, initial, biasInitial = zeros }: DenseOptions = {},
): Layer {
  const kernel = kit.parameters.add(
    `${name}.kernel`,
    [from, to],
    initial ?? xavierNormal(from, to),
    true,
  );
  const offset = bias ? kit.parameters.add(`${name}.bias`, [to], biasInitial, false) : null;
  return (input) => {
    const width = knownWidth(input);
    if (width !== null && width !== from) {
      throw new Error(`the layer ${name} was made for a width of ${from} and is given ${width}`);
    }
    return project(input, kernel, offset, activation === "relu");
  };
}

/** What {@link dense} computes, for a given kernel [R, in, out] and bias [R, out]. */
export const project = (input: Value, kernel: Tensor, bias: Tensor | null, relu = false): Value =>
  input.forward.ways.dense(input, kernel, bias, relu);

/** Dense layers with ReLU, the last one too, and dropout after each. */
export function mlp(
  kit: LayerContext,
  name: string,
  from: number,
  sizes: readonly number[],
): Layer {
  const layers = sizes.map((to, i) =>
    dense(kit, `${name}.dense_${i}`, i === 0 ? from : sizes[i - 1]!, to, { activation: "relu" }),
  );
  return (input) => layers.reduce((value, layer) => kit.dropout(layer(value)), input);
}

/** Each row has its own kernel: row n becomes row n · kernel n. No bias. */
export function rowDense(
  kit: LayerContext,
  name: string,
  rows: number,
  from: number,
  to: number,
  initial: Initial = xavierNormal(from, to),
): Layer {
  const kernel = kit.parameters.add(`${name}.kernel`, [rows, from, to], initial, true);
  return (input) => {
    const byRow = tf.transpose(input.tensor, [0, 2, 1, 3]);
    return input.made(tf.transpose(matMul(byRow, kernel), [0, 2, 1, 3]));
  };
}
