import { SIDES, writeTexts } from "../../base/artifacts/knowledge.js";
import { guidesOf, studentKnowledge, studentPrompt } from "../../base/prompts/index.js";
import { openPromptMaker } from "../../base/prompts/open.js";
import { answerAll, isGuided } from "./answer-all.js";
import { loadAnswerer } from "./load-answerer.js";
import { chosen } from "./chosen.js";
import type { InferTask } from "./engines/engine.js";
import type { KnowledgeLine } from "../../base/artifacts/texts.js";

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
    await writeTexts(task.out, side, lines);
    metrics[`${side}.texts`] = lines.length;
    metrics[`${side}.empty`] = none;
  }
  const leak =
    params.prompts.item_raters === "train"
      ? { marks: { leak: "item prompts show raters chosen from training positions" } }
      : {};
  await task.publish({ metrics, ...leak });
}
