import { rowsByUser, sortByKey } from "./by-user.js";
import type { Ratings } from "./ratings.js";

/**
 * Rows of ratings whose user rated the same item before, in ascending order.
 *
 * @param orderKey what comes before: less of it, or as much and an earlier row
 */
export function repeatedRows(
  ratings: Pick<Ratings, "user" | "item" | "time">,
  orderKey: (seconds: number) => number,
): Int32Array {
  const { user, item, time } = ratings;
  const users = largestOf(user) + 1;
  const { rows, starts } = rowsByUser(user, users);
  // By item: one more than the last user who was seen with it.
  const seen = new Int32Array(largestOf(item) + 1);
  const repeated: number[] = [];
  let key: Float64Array | undefined;
  let spare: Int32Array | undefined;
  for (let u = 0; u < users; u++) {
    const [from, to] = [starts[u]!, starts[u + 1]!];
    let some = false;
    for (let at = from; at < to && !some; at++) {
      const row = rows[at]!;
      some = seen[item[row]!] === u + 1;
      seen[item[row]!] = u + 1;
    }
    if (!some) continue;
    key ??= time.map(orderKey);
    spare ??= new Int32Array(rows.length);
    sortByKey(rows, from, to, key, spare);
    const before = new Set<number>();
    for (let at = from; at < to; at++) {
      const row = rows[at]!;
      if (before.has(item[row]!)) repeated.push(row);
      before.add(item[row]!);
    }
  }
  return Int32Array.from(repeated).sort();
}

function largestOf(numbers: Int32Array): number {
  let largest = -1;
  for (const number of numbers) if (number > largest) largest = number;
  return largest;
}

/** All rows but some, in ascending order. */
export function otherRows(count: number, without: Int32Array): Int32Array {
  const left = new Uint8Array(count);
  for (const row of without) left[row] = 1;
  return Int32Array.from(left.keys()).filter((row) => left[row] === 0);
}
