import type { Dataset } from "../../../base/artifacts/dataset.js";

/** User and item of each row, and how many users and items there are. */
export type RowIds = Pick<Dataset, "interactionUser" | "interactionItem" | "users" | "items">;

/** The largest number of different users and items in one batch. */
export interface DistinctSizes {
  readonly users: number;
  readonly items: number;
}

/**
 * The largest share of a batch's vectors that may be different, if looking for equal ones is to
 * save time.
 */
const worthwhile = 0.9;

/**
 * Room for the different users and items of a batch of the training samples, drawn without order.
 * Null where few of a batch's vectors come twice.
 *
 * @param rows the training samples, by row
 * @param deviations how many standard deviations more than the mean there is room for. Every place is
 *   computed, used or not, so that few are better; but a batch that has no room costs more than they do.
 *   With 3, one batch in some hundreds has none; with 6, one in about 10⁹.
 */
export function distinctSizes(
  { interactionUser, interactionItem, users, items }: RowIds,
  rows: Int32Array,
  batchSize: number,
  deviations: number,
): DistinctSizes | null {
  const room = (of: Int32Array, all: number): number => {
    const { mean, deviation } = occupancy(countsOf(of, all, rows), rows.length, batchSize);
    // Rounded up to a multiple of eight rows, which the processor computes together.
    return Math.min(batchSize, 8 * Math.ceil((mean + deviations * deviation) / 8));
  };
  const sizes = { users: room(interactionUser, users), items: room(interactionItem, items) };
  return sizes.users + sizes.items > worthwhile * 2 * batchSize ? null : sizes;
}

/** How many of the rows each id has that has any; ids from 0 to `all`. */
function countsOf(ids: Int32Array, all: number, rows: Int32Array): Int32Array {
  const counts = new Int32Array(all + 1);
  for (const row of rows) counts[ids[row]!]!++;
  return counts.filter((count) => count > 0);
}

/**
 * How many different ids `drawn` of `total` samples hold, an id standing in `counts` of them: mean and
 * deviation of occupied boxes where balls fall with unequal probabilities (Kolchin et al. 1978).
 */
function occupancy(
  counts: Int32Array,
  total: number,
  drawn: number,
): { readonly mean: number; readonly deviation: number } {
  let mean = 0;
  let variance = 0;
  let weighted = 0;
  for (const count of counts) {
    const share = count / total;
    const absent = (1 - share) ** drawn;
    mean += 1 - absent;
    variance += absent * (1 - absent);
    weighted += share * absent;
  }
  return { mean, deviation: Math.sqrt(Math.max(0, variance - drawn * weighted ** 2)) };
}
