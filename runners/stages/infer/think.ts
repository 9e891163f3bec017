import type { InferTask } from "./engines/engine.js";
import { createHash } from "node:crypto";
import path from "node:path";
import { writeJsonl } from "../../base/files/jsonl.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import { SIDES } from "../../base/artifacts/knowledge.js";
import { guidesOf, lengthOf, studentKnowledge, studentPrompt } from "../../base/prompts/index.js";
import type { About, PromptMaker } from "../../base/prompts/index.js";
import { openPromptMaker } from "../../base/prompts/open.js";
import { answerAll, isGuided } from "./answer-all.js";
import { loadAnswerer } from "./load-answerer.js";
import type { InferParams } from "./settings.js";
import type { KnowledgeLine } from "../../base/artifacts/texts.js";
import { lineAsJson } from "../../base/artifacts/texts.js";

/** think: the actor (or the base model) writes knowledge about every user and every item. */
export async function think(task: InferTask): Promise<void> {
  const params = task.params;
  const { prompts: own } = task.execution;
  const maker = await openPromptMaker(task.inputs, params.prompts, own);
  const abouts = SIDES.flatMap((side) => chosen(maker, side, params));
  const prompts = abouts.map((about) => studentPrompt(maker, "think", about, null));
  const { knowledge: guide } = guidesOf(maker.templates.words);
  const guides = isGuided(task) ? abouts.map(({ subject }) => guide(subject)) : null;
  const { texts, asked } = await answerAll(task, prompts, loadAnswerer, guides);
  const metrics: { [name: string]: number } = { "texts.asked": asked };
  for (const side of SIDES) {
    const lines: KnowledgeLine[] = [];
    let none = 0;
    abouts.forEach(({ subject, index }, place) => {
      if (`${subject}s` !== side) return;
      const answer = texts[place] ?? null;
      const text =
        answer === null ? "" : studentKnowledge(answer, subject, maker.templates.words.tag);
      if (text === "") none += 1;
      else lines.push({ index, text, history: [{ step: "think", text }] });
    });
    await writeJsonl(path.join(task.out, `${side}.jsonl`), lines.map(lineAsJson));
    metrics[`${side}.texts`] = lines.length;
    metrics[`${side}.empty`] = none;
  }
  const leak =
    params.prompts.item_raters === "train"
      ? { marks: { leak: "item prompts show raters chosen from training positions" } }
      : {};
  await task.publish({ metrics, ...leak });
}

/** The users or items that get knowledge, by ascending number. */
function chosen(maker: PromptMaker, side: Side, params: InferParams): readonly About[] {
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
