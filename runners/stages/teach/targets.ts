import type { Subject } from "../../base/prompts/index.js";
import type { PromptData, Target } from "../../base/prompts/index.js";
import { targetOf } from "../../base/prompts/index.js";

/**
 * The targets a teacher is asked about. For users: each user's interaction at position 10. For
 * items: the same interactions, one an item (whose target user is then never one of the two raters
 * shown), since every other position would be in a history or among the CTR samples.
 *
 * @param count how many at most. The choice is by the seeded generator.
 */
export function chooseTargets(
  data: PromptData,
  subject: Subject,
  count: "all" | number,
  random: () => number,
): Target[] {
  const all: Target[] = [];
  for (let user = 1; user <= data.users; user++) {
    const target = targetOf(data, user);
    if (target !== null) all.push(target);
  }
  const shuffled = shuffle(all, random);
  const chosen = subject === "user" ? shuffled : firstOfEachItem(shuffled);
  const taken = count === "all" ? chosen : chosen.slice(0, count);
  return subject === "user"
    ? taken.sort((a, b) => a.user - b.user)
    : taken.sort((a, b) => a.item - b.item);
}

function firstOfEachItem(targets: readonly Target[]): Target[] {
  const seen = new Set<number>();
  return targets.filter(({ item }) => !seen.has(item) && seen.add(item));
}

function shuffle<T>(list: readonly T[], random: () => number): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

/**
 * A seeded generator of numbers in [0, 1): mulberry32 (T. Ettinger, public domain). Sampling only.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
}
