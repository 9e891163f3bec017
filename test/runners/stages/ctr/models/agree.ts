import { expect } from "vitest";
import { random } from "../../../../../runners/stages/ctr/toolkit/random.js";
import { tf, type Tensor } from "../../../../../runners/stages/ctr/tensorflow.js";
import { difference } from "./models.js";

let drawn = 0;
/** Normal numbers, others at each call. */
export const noise = (...shape: number[]): Tensor => {
  const source = random(1, `tensor ${drawn++}`);
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Array.from({ length: size }, () => source.normal()),
    shape,
  );
};

/** Two ways to compute the same thing: values and gradients of all inputs have to agree. */
export function agree(
  inputs: Tensor[],
  ours: (...x: Tensor[]) => Tensor,
  plain: (...x: Tensor[]) => Tensor,
) {
  const value = ours(...inputs);
  expect(value.shape).toEqual(plain(...inputs).shape);
  expect(difference(value.dataSync(), plain(...inputs).dataSync())).toBeLessThan(1e-5);
  const weights = noise(...value.shape);
  const gradients = (f: (...x: Tensor[]) => Tensor): Tensor[] =>
    tf.grads((...x: Tensor[]) => tf.sum(tf.mul(f(...x), weights)))(inputs);
  const expected = gradients(plain);
  gradients(ours).forEach((gradient, i) => {
    expect(gradient.shape).toEqual(inputs[i]!.shape);
    expect(difference(gradient.dataSync(), expected[i]!.dataSync())).toBeLessThan(1e-4);
  });
}

/** Whole numbers from 0 to `below` - 1. */
export const ids = (below: number, ...shape: number[]): Tensor =>
  tf.cast(tf.floor(tf.mul(tf.sigmoid(noise(...shape)), below)), "int32");

/** Each replica's rows of its table, by tfjs's own gather. */
export const gathered = (tables: Tensor, places: Tensor): Tensor => {
  const replica = (x: Tensor, i: number): Tensor => tf.squeeze(tf.slice(x, i, 1), [0]);
  return tf.stack(
    Array.from({ length: tables.shape[0]! }, (_, i) =>
      tf.gather(replica(tables, i), replica(places, i) as never),
    ),
  );
};
