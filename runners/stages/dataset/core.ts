import type { Ratings } from "./ratings.js";

/**
 * Rows of the largest subset of ratings in which every user has at least `userCore` and every item
 * at least `itemCore` of them, in the order of the file. That subset is unique, so the order in
 * which rows are struck off does not matter: counts shrink while a pass is under way, which saves
 * passes.
 */
export function coreRows(
  ratings: Pick<Ratings, "user" | "item">,
  userCore: number,
  itemCore: number,
): Int32Array {
  const { user, item } = ratings;
  const ofUser = counts(user);
  const ofItem = counts(item);
  let rows: Int32Array = new Int32Array(user.length);
  for (let row = 0; row < rows.length; row++) rows[row] = row;
  for (;;) {
    let kept = 0;
    for (const row of rows) {
      const u = user[row]!;
      const i = item[row]!;
      if (ofUser[u]! >= userCore && ofItem[i]! >= itemCore) {
        rows[kept++] = row;
      } else {
        ofUser[u]!--;
        ofItem[i]!--;
      }
    }
    if (kept === rows.length) return rows;
    rows = rows.subarray(0, kept);
  }
}

/** How often each number from 0 to the largest stands in `ids`. */
function counts(ids: Int32Array): Int32Array {
  let largest = -1;
  for (const id of ids) if (id > largest) largest = id;
  const count = new Int32Array(largest + 1);
  for (const id of ids) count[id]!++;
  return count;
}
