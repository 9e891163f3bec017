import type { Domain } from "../artifacts/domain.js";
import { ratingOf, type ShownRatings } from "../artifacts/shown-ratings.js";

/**
 * Position from which on CTR samples begin. Prompts show positions 0 to 9 of a user at most and a
 * teacher's target is position 10, so that no CTR sample is ever in a prompt.
 */
export const TARGET_POSITION = 10;

/** What prompts need of a data set (docs/artifacts.md); items and users are numbered from 1. */
export interface PromptData {
  readonly domain: Domain;
  /** Ratings above it are likes. */
  readonly likeAbove: number;
  readonly shown?: ShownRatings;
  readonly users: number;
  readonly items: number;
  /** User u's interactions are rows offsets[u] to offsets[u + 1]. */
  readonly offsets: Int32Array;
  /** Item of each row. */
  readonly interactionItem: Int32Array;
  /** Rating of each row. */
  readonly interactionRating: Int32Array;
  /**
   * Last training position of each user, -1 for one who is not trained on; read only where raters
   * come from all training positions, or {@link splitBy} is there.
   */
  readonly split: Int32Array;
  /** Where it is there, a user's first positions may be tested: others' texts may not show those. */
  readonly splitBy?: "date" | "column";
  /** Title by item; null where unknown. */
  readonly titles: readonly (string | null)[];
}

/** Interactions of a user. */
export const lengthOf = (data: PromptData, user: number): number =>
  data.offsets[user + 1]! - data.offsets[user]!;

/** An item's title as prompts show it. */
export const titleOf = (data: PromptData, item: number): string =>
  data.titles[item] ?? "(title unknown)";

/**
 * A user's first interactions as prompts show them: `["title", rating]`, oldest first.
 *
 * @param length how many, {@link TARGET_POSITION} at most
 */
export function renderHistory(data: PromptData, user: number, length: number): string {
  if (length > TARGET_POSITION) throw new RangeError(`a history of ${length} would show a target`);
  const first = data.offsets[user]!;
  const count = Math.min(length, lengthOf(data, user));
  return Array.from({ length: count }, (_, position) => {
    const row = first + position;
    const title = titleOf(data, data.interactionItem[row]!);
    return `[${JSON.stringify(title)}, ${ratingOf(data, row)}]`;
  }).join(", ");
}

/** The interaction a teacher is asked about: the one at position 10 of a user. */
export interface Target {
  readonly user: number;
  readonly item: number;
  /** The true label: whether the rating is above the like threshold. */
  readonly likes: boolean;
}

/** A user's target, or null where the user's history ends before it. */
export function targetOf(data: PromptData, user: number): Target | null {
  if (lengthOf(data, user) <= TARGET_POSITION) return null;
  if (data.splitBy !== undefined && data.split[user]! < TARGET_POSITION) return null;
  const row = data.offsets[user]! + TARGET_POSITION;
  return {
    user,
    item: data.interactionItem[row]!,
    likes: data.interactionRating[row]! > data.likeAbove,
  };
}
