import type { PromptData } from "./histories.js";
import { lengthOf, TARGET_POSITION } from "./histories.js";

/** The users whose histories an item's prompts show; null if there is no such user. */
export interface Raters {
  readonly liker: number | null;
  readonly disliker: number | null;
}

/**
 * Where the raters of items are chosen from: `early`, interactions at positions 0 to 10 alone
 * (choosing tells a label, and those are no CTR samples); `train`, all training positions, which
 * leaks training labels into the item's text and is marked in every view.
 */
export type RaterSource = "early" | "train";

/** Chooses one liking and one disliking user for any item. */
export interface RaterChoice {
  /** @param except a user who may not be chosen (a teacher's target user), or null */
  of(item: number, except: number | null): Raters;
}

/**
 * Indexes who rated what at the positions that may be looked at. The choice among candidates
 * depends on the seed, the item and the candidates alone, so that a new user elsewhere in the data
 * changes no other item's prompt.
 */
export function indexRaters(data: PromptData, source: RaterSource, seed: number): RaterChoice {
  const likers: number[][] = Array.from({ length: data.items + 1 }, () => []);
  const dislikers: number[][] = Array.from({ length: data.items + 1 }, () => []);
  for (let user = 1; user <= data.users; user++) {
    const early = source === "early" ? TARGET_POSITION : Infinity;
    const trained = source === "early" && data.splitBy === undefined ? Infinity : data.split[user]!;
    const limit = Math.min(early, trained);
    const end = Math.min(limit + 1, lengthOf(data, user));
    for (let position = 0; position < end; position++) {
      const row = data.offsets[user]! + position;
      const likes = data.interactionRating[row]! > data.likeAbove;
      (likes ? likers : dislikers)[data.interactionItem[row]!]!.push(user);
    }
  }
  const choose = (candidates: readonly number[], item: number, except: number | null) => {
    let best: number | null = null;
    let bestRank = Infinity;
    for (const user of candidates) {
      const rank = mix(seed, item, user);
      if (user !== except && rank < bestRank) [best, bestRank] = [user, rank];
    }
    return best;
  };
  return {
    of: (item, except) => ({
      liker: choose(likers[item]!, item, except),
      disliker: choose(dislikers[item]!, item, except),
    }),
  };
}

/** A 32-bit hash of three integers (the finaliser of MurmurHash3, public domain, thrice). */
function mix(seed: number, item: number, user: number): number {
  let hash = seed | 0;
  for (const word of [item, user]) {
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}
