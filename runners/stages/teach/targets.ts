import type { Subject } from "../../base/prompts/index.js";
import type { PromptData, Target } from "../../base/prompts/index.js";
import { targetOf } from "../../base/prompts/index.js";
import { seededRandom } from "./random.js";

/**
 * The targets a teacher is asked about. For users: each user's interaction at position 10. For
 * items: the same interactions, one an item (whose target user is then never one of the two raters
 * shown), since every other position would be in a history or among the CTR samples.
 *
 * @param count how many at most. The choice is by a seeded generator.
 */
export function chooseTargets(
  data: PromptData,
  subject: Subject,
  count: "all" | number,
  seed: number,
): Target[] {
  const all: Target[] = [];
  for (let user = 1; user <= data.users; user++) {
    const target = targetOf(data, user);
    if (target !== null) all.push(target);
  }
  const shuffled = shuffle(all, seededRandom(seed));
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
