import { tf } from "../tensorflow.js";
import type { Rewriting } from "./rewriting.js";

/**
 * A layer on the samples of the batch in so many pieces as the pass says, which are computed side by
 * side. Models without batch statistics go through their whole network in pieces instead.
 */
export const pieces: Rewriting = () => ({
  eachSample(input, layer) {
    const { pieces = 1 } = input.forward.mode;
    if (pieces === 1 || input.tensor.shape[1]! % pieces !== 0) return layer(input);
    const parts = tf.split(input.tensor, pieces, 1).map((part) => layer(input.made(part)).tensor);
    return input.made(tf.concat(parts, 1));
  },
});
