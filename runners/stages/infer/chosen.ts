import { createHash } from "node:crypto";
import type { Side } from "../../base/artifacts/knowledge.js";
import type { About, PromptMaker } from "../../base/prompts/index.js";
import { lengthOf } from "../../base/prompts/index.js";
import type { InferParams } from "./settings.js";

/** The users or items that get knowledge, by ascending number. */
export function chosen(maker: PromptMaker, side: Side, params: InferParams): readonly About[] {
  const { data } = maker;
  const subject = side === "users" ? "user" : "item";
  const known = Array.from({ length: data[side] }, (_, row) => row + 1).filter((index) => {
    if (subject === "user") return lengthOf(data, index) > 0;
    // Of an item without a title and without raters there is nothing to say.
    const { liker, disliker } = maker.raters.of(index, null);
    return (data.titles[index] ?? null) !== null || liker !== null || disliker !== null;
  });
  const limit = params[side];
  const kept = limit === undefined ? known : firstByRank(known, limit, side, params.prompts.seed);
  return kept.map((index) => ({ subject, index }));
}

/** A seeded choice; a larger limit keeps what a smaller one chose. */
function firstByRank(
  indexes: readonly number[],
  limit: number,
  side: Side,
  seed: number,
): readonly number[] {
  const rank = (index: number) =>
    createHash("sha256").update(`${seed} ${side} ${index}`).digest("hex");
  return indexes
    .map((index) => [rank(index), index] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([, index]) => index)
    .sort((a, b) => a - b);
}
