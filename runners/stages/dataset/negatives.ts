import type { Dataset, Implicit, Negatives } from "../../base/artifacts/dataset.js";
import { drawsOf, type Draws } from "../../base/stage/draws.js";

/** Draws of one negative that may miss before all items that are left are listed. */
const MISSES = 64;

/** What was drawn, and the users who have too many items for all that was asked. */
export interface Drawn {
  readonly negatives: Negatives;
  /** Users with samples who lack fewer items than a sample should have negatives. */
  readonly short: readonly number[];
}

/**
 * Draws the negatives of each sample (of training, validation and testing): items that its user has
 * nowhere in the data set, neither earlier nor later nor in another split. A sample's negatives are
 * different items. Where a user lacks fewer items than that, all that the user lacks are taken.
 *
 * By popularity, an item's chance is its share of the interactions that are not tested, so that
 * nothing of a test is known from it; an item without any is not drawn.
 *
 * The draws of a user depend on the seed, the user's raw id and the data set's items alone: another
 * split draws the same items for the same interaction (uniform).
 *
 * @param rows of all samples, in ascending order
 * @param userIds raw id by user number; [0] is nobody
 */
export function drawNegatives(
  dataset: Pick<Dataset, "items" | "offsets" | "interactionUser" | "interactionItem" | "test">,
  rows: Int32Array,
  userIds: readonly string[],
  implicit: Implicit,
): Drawn {
  const { items, offsets, interactionUser, interactionItem } = dataset;
  const chances = implicit.by === "popularity" ? popularity(dataset) : null;
  const hasChance = (each: number): boolean =>
    chances === null || chances[each]! > chances[each - 1]!;
  let drawable = 0;
  for (let each = 1; each <= items; each++) if (hasChance(each)) drawable += 1;
  /** By item: the user who has it, and the sample that it was drawn for. */
  const owner = new Int32Array(items + 1);
  const taken = new Int32Array(items + 1).fill(-1);
  const [of, item, short]: [number[], number[], number[]] = [[], [], []];
  let user = 0;
  let draws: Draws | undefined;
  let lacking = 0;
  for (const row of rows) {
    if (interactionUser[row] !== user || draws === undefined) {
      user = interactionUser[row]!;
      draws = drawsOf(`r4ec/negatives/1\n${implicit.seed}\n${userIds[user]!}`);
      lacking = drawable;
      for (let at = offsets[user]!; at < offsets[user + 1]!; at++) {
        const had = interactionItem[at]!;
        if (owner[had] !== user && hasChance(had)) lacking -= 1;
        owner[had] = user;
      }
      if (lacking < implicit.negatives) short.push(user);
    }
    const wanted = Math.min(implicit.negatives, lacking);
    for (let k = 0; k < wanted; k++) {
      const free = (each: number): boolean => owner[each] !== user && taken[each] !== row;
      const found = drawn(draws, items, chances, free);
      taken[found] = row;
      of.push(row);
      item.push(found);
    }
  }
  return { negatives: { of: Int32Array.from(of), item: Int32Array.from(item) }, short };
}

/** [I + 1]: interactions that are not tested of items 1 to i, summed. */
function popularity({
  items,
  interactionItem,
  test,
}: Pick<Dataset, "items" | "interactionItem" | "test">): Float64Array {
  const counts = new Float64Array(items + 1);
  for (const item of interactionItem) counts[item]! += 1;
  for (const row of test) counts[interactionItem[row]!]! -= 1;
  for (let item = 1; item <= items; item++) counts[item]! += counts[item - 1]!;
  return counts;
}

/** An item that is free, by its chance among the free ones. There must be one. */
function drawn(
  draws: Draws,
  items: number,
  chances: Float64Array | null,
  free: (item: number) => boolean,
): number {
  for (let tried = 0; tried < MISSES; tried++) {
    const item =
      chances === null ? 1 + draws.index(items) : placeOf(chances, draws.index(chances[items]!));
    if (free(item)) return item;
  }
  const left: number[] = [];
  const sums: number[] = [];
  let sum = 0;
  for (let item = 1; item <= items; item++) {
    const chance = chances === null ? 1 : chances[item]! - chances[item - 1]!;
    if (chance === 0 || !free(item)) continue;
    sum += chance;
    left.push(item);
    sums.push(sum);
  }
  const at = draws.index(sum);
  return left[sums.findIndex((each) => each > at)]!;
}

/** The item i with sums[i - 1] <= at < sums[i]. */
function placeOf(sums: Float64Array, at: number): number {
  let [low, high] = [1, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
