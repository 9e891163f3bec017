import { project } from "../toolkit/dense.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { Rewriting } from "./rewriting.js";

/**
 * A kernel that meets several parts side by side, cut into a product for each. In DIN's attention q
 * meets (Wq + Wd) once a sample instead of once a row, and a row costs half of the multiplications;
 * of pairs of rows, each row is multiplied once instead of once a pair.
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
