import { project } from "../toolkit/dense.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { Rewriting } from "./rewriting.js";

/**
 * A kernel for several parts side by side is cut into one kernel for each part. In DIN's attention,
 * q · Wq + k · Wk + (q − k) · Wd + (q ⊙ k) · Wm = q · (Wq + Wd) + k · (Wk − Wd) + (q ⊙ k) · Wm: the
 * query is multiplied once for a sample instead of once for a row, and a row costs half as many
 * multiplications. For pairs of rows, each row is multiplied once instead of once for each pair.
 */
export const splitKernels: Rewriting = () => ({
  meetQuery(query, keys, kernel, bias) {
    const [q, k, difference, both] = tf.split(kernel, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const ofQuery = project(query, tf.add(q, difference), bias);
    const ofRows = project(keys, tf.sub(k, difference), null);
    return ofRows.add(project(keys.mul(query), both, null)).add(ofQuery);
  },
  meetPairs(rows, kernel) {
    const [source, target] = tf.split(kernel, 2, 1) as [Tensor, Tensor];
    return project(rows, source, null).add(project(rows, target, null).transpose());
  },
});
