import { seededRandom } from "./random.js";

/**
 * Thins the larger of two classes so that there are at most `ratio` reasonable samples for each
 * unreasonable one; the choice is by a seeded generator. Keeps the order.
 */
export function balance<T>(
  reasonable: readonly T[],
  unreasonable: number,
  ratio: number,
  seed: number,
): T[] {
  const random = seededRandom(seed);
  const keep = Math.min(reasonable.length, Math.round(unreasonable * ratio));
  const order = reasonable.map((_, index) => ({ index, rank: random() }));
  order.sort((a, b) => a.rank - b.rank || a.index - b.index);
  const kept = new Set(order.slice(0, keep).map((each) => each.index));
  return reasonable.filter((_, index) => kept.has(index));
}
