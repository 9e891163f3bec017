import type { StageTask } from "../../../src/contract/runner.js";
import { lengthOf, TARGET_POSITION, titleOf } from "../../base/prompts/index.js";
import type { KnowledgeData } from "../../base/artifacts/knowledge.js";
import { readKnowledgeData } from "../../base/artifacts/knowledge.js";
import { writeTexts } from "../../base/artifacts/write-texts.js";
import { ratingOf } from "../../base/artifacts/shown-ratings.js";
import { programOf } from "../../base/stage/program.js";
import type { ProfileParams } from "./stage.js";

/**
 * A user's first ratings as text, best first: `Rated 5: Toy Story (1995); Fargo (1996). Rated 2: ...`.
 * Looks at positions 0 to `history` - 1 alone. Null for a user without interactions.
 */
export function userProfile(data: KnowledgeData, user: number, history: number): string | null {
  if (history > TARGET_POSITION) throw new RangeError(`a history of ${history} shows a target`);
  const byRating = new Map<number, string[]>();
  const first = data.offsets[user]!;
  for (let row = first; row < first + Math.min(history, lengthOf(data, user)); row++) {
    const rating = ratingOf(data, row);
    const titles = byRating.get(rating) ?? [];
    if (titles.length === 0) byRating.set(rating, titles);
    titles.push(titleOf(data, data.interactionItem[row]!));
  }
  if (byRating.size === 0) return null;
  return [...byRating]
    .sort(([a], [b]) => b - a)
    .map(([rating, titles]) => `Rated ${rating}: ${titles.join("; ")}.`)
    .join(" ");
}

/**
 * An item's title and what is known of it: `Toy Story (1995). Genres: Animation, Comedy.`. Null
 * where nothing is known.
 */
export function itemProfile(data: KnowledgeData, item: number): string | null {
  const parts: string[] = [];
  const title = data.titles[item];
  if (title !== null && title !== undefined) parts.push(`${title}.`);
  const genres = data.genres[item];
  if (genres !== null && genres !== undefined && genres.length > 0) {
    parts.push(`${genres.length === 1 ? "Genre" : "Genres"}: ${genres.join(", ")}.`);
  } else {
    data.attributeFields.forEach((field, place) => {
      const value = data.attributes[item]?.[place];
      if (value !== null && value !== undefined) parts.push(`${capital(field)}: ${value}.`);
    });
  }
  return parts.length === 0 ? null : parts.join(" ");
}

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);

/** Text without an LLM: what titles and ratings say by themselves. */
export const program = programOf(writeProfiles);

async function writeProfiles(task: StageTask<ProfileParams>): Promise<void> {
  const data = await readKnowledgeData(task.inputs["dataset"]!);
  const { history } = task.params;
  const lines = (count: number, textOf: (index: number) => string | null) =>
    Array.from({ length: count }, (_, row) => ({ index: row + 1, text: textOf(row + 1) })).filter(
      (line): line is { index: number; text: string } => line.text !== null,
    );
  const users = lines(data.users, (user) => userProfile(data, user, history));
  const items = lines(data.items, (item) => itemProfile(data, item));
  await writeTexts(task.out, "users", users);
  await writeTexts(task.out, "items", items);
  await task.publish({ metrics: { "users.texts": users.length, "items.texts": items.length } });
}
