import { project } from "../toolkit/dense.js";
import { matMul } from "../toolkit/operations.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { Rewriting } from "./rewriting.js";

/** For one head, q · kᵀ = (x Wq) (x Wk)ᵀ = (x Wq Wkᵀ) xᵀ, which is less work if x is narrow. */
export const oneHeadMatrix: Rewriting = (below) => ({
  attendToSelf(rows, attention) {
    const { kernel, bias, parts, heads, size } = attention;
    if (heads !== 1 || bias !== null || rows.width >= 2 * size) {
      return below.attendToSelf(rows, attention);
    }
    const [q, k, v, rest] = tf.split(kernel, [...parts], 2) as [Tensor, Tensor, Tensor, Tensor?];
    const meeting = tf.mul(matMul(q, k, true), 1 / Math.sqrt(size));
    const scores = project(rows, meeting, null).dots(rows).softmax();
    const weights = rows.made(rows.forward.dropout(scores.tensor));
    return {
      attended: weights.times(project(rows, v, null)),
      rest: rest === undefined ? null : project(rows, rest, null),
    };
  },
});
