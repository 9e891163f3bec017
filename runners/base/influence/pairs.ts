/** For each user, what the AUC of the user's own samples is made of. */
export interface UserPairs {
  /** Pairs of a liked and another sample in the right order; a tie counts half. */
  readonly pairs: Float64Array;
  /** Samples that are not liked. */
  readonly below: Float64Array;
  /** Samples that are liked. */
  readonly above: Float64Array;
}

/**
 * Counts pairs within each user in one walk over all samples. All counts are exact.
 *
 * @param order the samples by ascending score
 * @param userOf each sample's user, from 0 to `size` - 1
 */
export function pairsByUser(
  order: Uint32Array,
  scores: Float32Array | Float64Array,
  labels: Float32Array | Uint8Array,
  userOf: Int32Array,
  size: number,
): UserPairs {
  const pairs = new Float64Array(size);
  const below = new Float64Array(size);
  const above = new Float64Array(size);
  const tied = new Float64Array(size).fill(NaN);
  const tiedPositive = new Float64Array(size);
  const tiedNegative = new Float64Array(size);
  const settle = (user: number): void => {
    pairs[user]! += tiedPositive[user]! * (below[user]! + tiedNegative[user]! / 2);
    below[user]! += tiedNegative[user]!;
    above[user]! += tiedPositive[user]!;
    tiedPositive[user] = tiedNegative[user] = 0;
  };
  for (const i of order) {
    const user = userOf[i]!;
    if (tied[user] !== scores[i]) {
      settle(user);
      tied[user] = scores[i]!;
    }
    if (labels[i] === 1) tiedPositive[user]!++;
    else tiedNegative[user]!++;
  }
  for (let user = 0; user < size; user++) settle(user);
  return { pairs, below, above };
}
