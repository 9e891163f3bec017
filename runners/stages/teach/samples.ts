/**
 * True where a text about a user gives the teacher's target away: it names the target's title
 * (with or without its year), unless the shown history holds that title as well.
 */
export function namesTarget(text: string, title: string, shownTitles: readonly string[]): boolean {
  const plain = (each: string) =>
    each
      .replace(/\s*\(\d{4}\)\s*$/u, "")
      .toLowerCase()
      .trim();
  const target = plain(title);
  if (target === "" || shownTitles.some((shown) => plain(shown) === target)) return false;
  const escaped = target.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, "iu").test(text);
}

/** True where a text about an item speaks of the teacher's target user. */
export const speaksOfTargetUser = (text: string): boolean => /\btarget user/iu.test(text);

/**
 * Thins the larger of two classes so that there are at most `ratio` reasonable samples for each
 * unreasonable one; the choice is by a seeded generator. Keeps the order.
 */
export function balance<T>(
  reasonable: readonly T[],
  unreasonable: number,
  ratio: number,
  random: () => number,
): T[] {
  const keep = Math.min(reasonable.length, Math.round(unreasonable * ratio));
  const order = reasonable.map((_, index) => ({ index, rank: random() }));
  order.sort((a, b) => a.rank - b.rank || a.index - b.index);
  const kept = new Set(order.slice(0, keep).map((each) => each.index));
  return reasonable.filter((_, index) => kept.has(index));
}
