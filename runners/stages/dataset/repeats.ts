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
  const { user, item } = ratings;
  const key = ratings.time.map(orderKey);
  const rows = Int32Array.from(user.keys());
  rows.sort((a, b) => user[a]! - user[b]! || key[a]! - key[b]! || a - b);
  // By item: one more than the last user who was seen with it.
  const seen = new Int32Array(item.reduce((a, b) => Math.max(a, b), -1) + 1);
  const repeated = rows.filter((row) => {
    const before = seen[item[row]!] === user[row]! + 1;
    seen[item[row]!] = user[row]! + 1;
    return before;
  });
  return repeated.sort();
}

/** All rows but some, in ascending order. */
export function otherRows(count: number, without: Int32Array): Int32Array {
  const left = new Uint8Array(count);
  for (const row of without) left[row] = 1;
  return Int32Array.from(left.keys()).filter((row) => left[row] === 0);
}
