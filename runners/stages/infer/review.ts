import type { InferTask } from "./engines/engine.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import { readTexts, SIDES } from "../../base/artifacts/knowledge.js";
import { guidesOf, studentKnowledge, studentPrompt } from "../../base/prompts/index.js";
import type { PromptMaker, Subject } from "../../base/prompts/index.js";
import { openPromptMaker } from "../../base/prompts/open.js";
import { reasonMetrics } from "../../base/chat/coverage.js";
import type { Answers } from "./answer-all.js";
import { answerAll, isGuided } from "./answer-all.js";
import { loadAnswerer } from "./load-answerer.js";
import { Counts } from "./counts.js";
import { judgement } from "./judgement.js";
import type { KnowledgeLine } from "../../base/artifacts/texts.js";
import { nextIteration } from "../../base/artifacts/texts.js";
import { writeLines } from "./write-lines.js";

/**
 * So many prompts without an answer may end the stage. Fewer do not: the texts before them stay, and
 * of few prompts chance may refuse most.
 */
const LEAST = 10;

const answerMetrics = ({ asked, kept, cut, reasons }: Answers) => ({
  "texts.asked": asked,
  "cost.kept": kept,
  "answers.cut": cut,
  ...reasonMetrics("answers", reasons),
});

/** A text with whom it is about. */
interface Text {
  readonly side: Side;
  readonly subject: Subject;
  readonly line: KnowledgeLine;
}

/** reflect: the reflector judges every text; an answer that can't be read is kept and counted. */
export async function reflect(task: InferTask): Promise<void> {
  const { maker, texts } = await open(task);
  const prompts = texts.map(({ subject, line }) =>
    studentPrompt(maker, "reflect", { subject, index: line.index }, { knowledge: line.text }),
  );
  const { judgement: guide } = guidesOf(maker.templates.words);
  const guides = isGuided(task) ? texts.map(({ subject }) => guide(subject)) : null;
  const answers = await answerAll(task, prompts, loadAnswerer, { guides, least: LEAST });
  const counts = new Counts(["reasonable", "unreasonable", "unreadable"]);
  const lines = texts.map(({ side, line }, place) => {
    const step = judgement(answers.said[place]!, nextIteration(line));
    counts.add(side, step.verdict === "not reasonable" ? "unreasonable" : step.verdict);
    return {
      side,
      line: {
        index: line.index,
        text: line.text,
        verdict: step.verdict,
        reflection: step.reflection,
        history: [...line.history, step],
      },
    };
  });
  await writeLines(task, lines);
  await task.publish({ metrics: { ...answerMetrics(answers), ...counts.metrics() } });
}

/** refine: the actor rewrites what was judged unreasonable, with the reflection in hand. */
export async function refine(task: InferTask): Promise<void> {
  const { maker, texts } = await open(task);
  const wrong = texts.filter(({ line }) => line.verdict === "not reasonable");
  const prompts = wrong.map(({ subject, line }) =>
    studentPrompt(
      maker,
      "refine",
      { subject, index: line.index },
      { knowledge: line.text, reflection: line.reflection ?? "" },
    ),
  );
  const { knowledge: guide } = guidesOf(maker.templates.words);
  const guides = isGuided(task) ? wrong.map(({ subject }) => guide(subject)) : null;
  const answers = await answerAll(task, prompts, loadAnswerer, {
    guides,
    least: LEAST,
    textStands: true,
  });
  const refined = new Map(wrong.map((text, place) => [text, answers.said[place]!.text]));
  const counts = new Counts(["texts", "refined", "empty"]);
  const lines = texts.map((each) => {
    const { side, subject, line } = each;
    const { index, history } = line;
    counts.add(side, "texts");
    if (!refined.has(each)) return { side, line: { index, text: line.text, history } };
    const text = studentKnowledge(refined.get(each) ?? "", subject, maker.templates.words.tag);
    // No answer is no improvement: the text before it stays.
    counts.add(side, text === "" ? "empty" : "refined");
    if (text === "") return { side, line: { index, text: line.text, history } };
    const step = { step: "refine", iteration: nextIteration(line) - 1, text } as const;
    return { side, line: { index, text, history: [...history, step] } };
  });
  await writeLines(task, lines);
  await task.publish({ metrics: { ...answerMetrics(answers), ...counts.metrics() } });
}

async function open(
  task: InferTask,
): Promise<{ readonly maker: PromptMaker; readonly texts: readonly Text[] }> {
  const params = task.params;
  const { prompts: own } = task.execution;
  const maker = await openPromptMaker(task.inputs, params.prompts, own);
  const texts: Text[] = [];
  for (const side of SIDES) {
    const subject = side === "users" ? "user" : "item";
    for (const line of await readTexts<KnowledgeLine>(task.inputs["text"]!, side)) {
      texts.push({ side, subject, line });
    }
  }
  return { maker, texts };
}
