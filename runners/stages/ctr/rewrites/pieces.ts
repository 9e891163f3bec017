import { tf } from "../tensorflow.js";
import type { Rewriting } from "./rewriting.js";

/**
 * A layer is applied to pieces of the batch, which TensorFlow computes at the same time; `mode.pieces`
 * says how many. Only models that need a batch whole use this (batch statistics, samples that look at each
 * other): the others take the whole network in pieces (train/piece.ts).
 */
export const pieces: Rewriting = () => ({
  eachSample(input, layer) {
    const { pieces = 1 } = input.forward.mode;
    if (pieces === 1 || input.tensor.shape[1]! % pieces !== 0) return layer(input);
    const parts = tf.split(input.tensor, pieces, 1).map((part) => layer(input.made(part)).tensor);
    return input.made(tf.concat(parts, 1));
  },
});
