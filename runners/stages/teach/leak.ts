import type { PromptMaker } from "../../base/prompts/index.js";
import { lengthOf, titleOf } from "../../base/prompts/index.js";
import type { Case } from "./case.js";

/**
 * True where a text gives a teacher's target away: where a text about a user names the target's
 * title, or a text about an item speaks of the target user.
 */
export function givesAway(text: string, about: Case, maker: PromptMaker): boolean {
  if (about.subject === "item") return /\btarget user/iu.test(text);
  return namesTitle(text, titleOf(maker.data, about.item), shownTitles(maker, about.user));
}

/** True where a text names a title (with or without its year) that the shown history does not hold. */
function namesTitle(text: string, title: string, shown: readonly string[]): boolean {
  const target = plain(title);
  if (target === "" || shown.some((each) => plain(each) === target)) return false;
  const escaped = target.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, "iu").test(text);
}

const plain = (title: string): string =>
  title
    .replace(/\s*\(\d{4}\)\s*$/u, "")
    .toLowerCase()
    .trim();

function shownTitles(maker: PromptMaker, user: number): string[] {
  const first = maker.data.offsets[user]!;
  const count = Math.min(maker.history, lengthOf(maker.data, user));
  return Array.from({ length: count }, (_, position) =>
    titleOf(maker.data, maker.data.interactionItem[first + position]!),
  );
}
