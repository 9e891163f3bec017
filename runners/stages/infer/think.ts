import { SIDES } from "../../base/artifacts/knowledge.js";
import { writeTexts } from "../../base/artifacts/write-texts.js";
import type { Without } from "../../base/chat/answer.js";
import { reasonMetrics, reasonsOf } from "../../base/chat/coverage.js";
import { guidesOf, studentKnowledge, studentPrompt } from "../../base/prompts/index.js";
import { openPromptMaker } from "../../base/prompts/open.js";
import { answerAll, isGuided } from "./answer-all.js";
import { loadAnswerer } from "./load-answerer.js";
import { chosen } from "./chosen.js";
import { coverageText } from "./coverage-text.js";
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
  const answers = await answerAll(task, prompts, loadAnswerer, { guides, least: 1 });
  const metrics: { [name: string]: number } = {
    "texts.asked": answers.asked,
    "answers.cut": answers.cut,
    "cost.kept": answers.kept,
  };
  const short: string[] = [];
  for (const side of SIDES) {
    const lines: KnowledgeLine[] = [];
    const without: Without[] = [];
    abouts.forEach(({ subject, index }, place) => {
      if (`${subject}s` !== side) return;
      const said = answers.said[place]!;
      const text =
        said.text === null ? "" : studentKnowledge(said.text, subject, maker.templates.words.tag);
      if (text !== "") lines.push({ index, text, history: [{ step: "think", text }] });
      else without.push(said.text === null ? said : { why: "empty", words: "" });
    });
    await writeTexts(task.out, side, lines);
    const reasons = reasonsOf(without);
    const count = lines.length + without.length;
    metrics[`${side}.asked`] = count;
    metrics[`${side}.texts`] = lines.length;
    metrics[`${side}.empty`] = without.length;
    metrics[`${side}.not_asked`] = maker.data[side] - count;
    Object.assign(metrics, reasonMetrics(side, reasons));
    if (without.length > 0) short.push(coverageText(task, side, lines.length, count, reasons));
  }
  const { item_raters } = params.prompts;
  const marks = {
    ...(item_raters === "train"
      ? { leak: "item prompts show raters chosen from training positions" }
      : {}),
    ...(short.length > 0 ? { coverage: short.join(", ") } : {}),
  };
  await task.publish({ metrics, ...(Object.keys(marks).length > 0 ? { marks } : {}) });
}
