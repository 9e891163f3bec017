import { random } from "../toolkit/random.js";

/**
 * The samples in the order that one epoch takes them: a permutation decided by the seed and the
 * epoch alone (Fisher and Yates), so that nothing but the epoch's number is needed to go on.
 */
export function epochOrder(rows: Int32Array, seed: number, epoch: number): Int32Array {
  const { uniform } = random(seed, `order of epoch ${epoch}`);
  const order = rows.slice();
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(uniform() * (last + 1));
    const value = order[last]!;
    order[last] = order[other]!;
    order[other] = value;
  }
  return order;
}
