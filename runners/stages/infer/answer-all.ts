import type { InferTask } from "./engines/engine.js";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import { cacheFolder } from "../../base/stage/cache.js";
import {
  adapterIdentity,
  answerFolder,
  answerKey,
  modelIdentity,
} from "../../base/models/identity.js";
import { AnswerLog } from "../../base/chat/answer-log.js";
import type { Said } from "../../base/chat/answer.js";
import { readText } from "../../base/chat/answer.js";
import type { Question } from "../../base/chat/ask.js";
import { keptAnswer } from "../../base/chat/ask.js";
import type { Reasons } from "../../base/chat/coverage.js";
import { judgeAnswers } from "../../base/chat/coverage.js";
import { adapterFolder } from "./adapter.js";
import type { Answerer } from "./answerer.js";
import { askMissing } from "./ask-missing.js";
import { cutTriesOf } from "./settings.js";

/** Whether the stage's answers are held to a form (`knowledge.infer.guided`). */
export const isGuided = (task: InferTask): boolean => task.params.answer.guided === true;

/** The answers to some prompts, in their order. */
export interface Answers {
  readonly said: readonly Said[];
  /** How many of all prompts have no text, by reason. */
  readonly reasons: Reasons;
  /** How many of the texts were cut at their longest. */
  readonly cut: number;
  /** How many the stage asked the model; the others were kept from before it. */
  readonly asked: number;
  /** How many different prompts had an answer before the stage began. */
  readonly kept: number;
}

/** What of a stage's answers is asked how. */
export interface Asking {
  /** What each answer is held to, or null. */
  readonly guides: readonly string[] | null;
  /** See {@link judgeAnswers}. */
  readonly least: number;
  /** See {@link judgeAnswers}. */
  readonly textStands?: boolean;
}

/** The parameters that say how the model is asked, without those that concern cut answers alone. */
function identityOf(task: InferTask): JsonObject {
  const answer = Object.fromEntries(
    Object.entries(task.params.answer).filter(([name]) => name !== "cut_tries"),
  ) as JsonObject;
  return {
    model: modelIdentity("model", task),
    adapter: adapterIdentity(adapterFolder(task)),
    template: task.params.template,
    answer,
  };
}

/**
 * Asks the stage's model all prompts. Answers are kept as they come, under the hash of model,
 * adapter, options and prompt, so that after a kill, or in another stage that asks the same, only
 * what is missing is asked. A stage whose prompts get no text ends in an error, see {@link judgeAnswers}.
 *
 * @param load called only where something is missing
 */
export async function answerAll(
  task: InferTask,
  prompts: readonly string[],
  load: (task: InferTask) => Promise<Answerer>,
  { guides, least, textStands = false }: Asking,
): Promise<Answers> {
  const identity = identityOf(task);
  const log = new AnswerLog(path.join(cacheFolder(task), answerFolder(identity)));
  try {
    const keys = prompts.map((prompt) => answerKey({ asked: identity, prompt }));
    const questions = new Map<string, Question>();
    keys.forEach((key, place) =>
      questions.set(key, questionOf(key, prompts[place]!, guides?.[place])),
    );
    const keptOf = (key: string) => keptAnswer(log, key, cutTriesOf(task.params.answer));
    const { asked, without } = await askMissing(task, [...questions.values()], log, keptOf, load);
    const said = keys.map((key): Said => {
      const answer = keptOf(key);
      if (answer !== undefined) return readText(answer.text, answer.cut === true);
      return { text: null, cut: false, ...(without.get(key) ?? { why: "empty", words: "" }) };
    });
    const reasons = judgeAnswers(
      task,
      said.map((each) => (each.text === null ? each : null)),
      { least, textStands },
    );
    const texts = said.filter(({ text }) => text !== null);
    const cut = texts.filter((each) => each.cut).length;
    if (cut > 0 && cut >= texts.length / 2) {
      const message =
        `${cut} of ${texts.length} texts were cut at the longest answer that is allowed, perhaps within a sentence: ` +
        "knowledge.infer.max_new_tokens allows longer ones, knowledge.infer.cut_tries asks again with more room";
      task.emit({ type: "note", severity: "warning", message });
    }
    return { said, reasons, cut, asked, kept: questions.size - asked };
  } finally {
    log.close();
  }
}

const questionOf = (key: string, prompt: string, guide: string | undefined): Question =>
  guide === undefined ? { key, prompt } : { key, prompt, guide };
