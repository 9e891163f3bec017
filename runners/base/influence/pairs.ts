import { byScore } from "./order.js";

/**
 * Pairs of a liked and another sample that scores put into the right order, counted in halves: a
 * right pair is 2, a tie 1. So all counts are whole numbers, and exact.
 */
export interface HalfPairs {
  /** Over all samples. */
  readonly all: number;
  /** By user: pairs of the user's liked samples with anybody's others. */
  readonly liked: Float64Array;
  /** By user: pairs of the user's other samples with anybody's liked ones. */
  readonly others: Float64Array;
  /** By user: pairs of two samples of the user's own. */
  readonly within: Float64Array;
}

/** Samples by label. */
export interface LabelCounts {
  readonly liked: number;
  /** Of each user; float64 [users]. */
  readonly likedOf: Float64Array;
  readonly samplesOf: Float64Array;
}

/** 2 × the user's place + the label: what a walk over samples has to know of each. */
export const ownersOf = (place: Int32Array, labels: Float32Array | Uint8Array): Uint32Array =>
  Uint32Array.from(place, (user, i) => 2 * user + labels[i]!);

/** Counts samples by label. @param users places of users: all are below */
export function countLabels(owners: Uint32Array, users: number): LabelCounts {
  const likedOf = new Float64Array(users);
  const samplesOf = new Float64Array(users);
  let liked = 0;
  for (const owner of owners) {
    const user = owner >>> 1;
    samplesOf[user]!++;
    if ((owner & 1) === 0) continue;
    likedOf[user]!++;
    liked++;
  }
  return { liked, likedOf, samplesOf };
}

/**
 * GAUC: AUC within each user who has both classes, weighted by the user's samples.
 *
 * @param within of {@link HalfPairs}
 * @returns the value and the places of the users that count; undefined where nobody does
 */
export function gaucOf(
  within: Float64Array,
  { likedOf, samplesOf }: LabelCounts,
):
  | { readonly value: number; readonly weight: number; readonly users: readonly number[] }
  | undefined {
  const users: number[] = [];
  let weight = 0;
  let weighted = 0;
  for (const [user, samples] of samplesOf.entries()) {
    const pairs = likedOf[user]! * (samples - likedOf[user]!);
    if (pairs === 0) continue;
    users.push(user);
    weight += samples;
    weighted += (samples * (within[user]! / 2)) / pairs;
  }
  return weight === 0 ? undefined : { value: weighted / weight, weight, users };
}

/** Of each user, side by side in memory: pairs of the three kinds, and others seen so far. */
const [LIKED, OTHERS, WITHIN, BELOW, WIDTH] = [0, 1, 2, 3, 4] as const;

/**
 * Counts pairs in one walk over the samples by ascending score.
 *
 * @param owners of the samples, by {@link ownersOf}
 * @param users places of users: all are below
 * @param liked how many samples are liked
 */
export function countPairs(
  scores: Float32Array | Float64Array,
  owners: Uint32Array,
  users: number,
  liked: number,
): HalfPairs {
  const samples = byScore(scores, owners);
  const counts = new Float64Array(WIDTH * users);
  let all = 0;
  let below = 0;
  let above = liked;
  const size = samples.length;
  for (let start = 0, end = 0; start < size; start = end) {
    const score = samples[start]!;
    let tied = samples[start + 1]! & 1;
    for (end = start + 2; end < size && samples[end] === score; end += 2) {
      tied += samples[end + 1]! & 1;
    }
    const negatives = (end - start) / 2 - tied;
    const [halfBelow, halfAbove] = [2 * below + negatives, 2 * above - tied];
    // A user's own pairs count those below before and after the tied ones are among them.
    if (tied > 0) {
      for (let at = start + 1; at < end; at += 2) {
        const owner = samples[at]!;
        if ((owner & 1) === 0) continue;
        const user = WIDTH * (owner >>> 1);
        counts[user + LIKED]! += halfBelow;
        // Nothing comes between where no other sample is tied.
        counts[user + WITHIN]! += counts[user + BELOW]! * (negatives === 0 ? 2 : 1);
      }
    }
    if (negatives > 0) {
      for (let at = start + 1; at < end; at += 2) {
        const owner = samples[at]!;
        if ((owner & 1) === 1) continue;
        const user = WIDTH * (owner >>> 1);
        counts[user + OTHERS]! += halfAbove;
        counts[user + BELOW]!++;
      }
      for (let at = start + 1; tied > 0 && at < end; at += 2) {
        const owner = samples[at]!;
        const user = WIDTH * (owner >>> 1);
        if ((owner & 1) === 1) counts[user + WITHIN]! += counts[user + BELOW]!;
      }
    }
    all += tied * halfBelow;
    below += negatives;
    above -= tied;
  }
  const column = (of: number): Float64Array =>
    Float64Array.from({ length: users }, (_, user) => counts[WIDTH * user + of]!);
  return { all, liked: column(LIKED), others: column(OTHERS), within: column(WITHIN) };
}
