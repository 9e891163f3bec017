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
import type { Question } from "../../base/chat/ask.js";
import { adapterFolder } from "./adapter.js";
import type { Answerer } from "./answerer.js";
import { askMissing } from "./ask-missing.js";

/** Whether the stage's answers are held to a form (`knowledge.infer.guided`). */
export const isGuided = (task: InferTask): boolean => task.params.answer.guided === true;

/** The answers to some prompts, in their order; null where the model gave none. */
export interface Answers {
  readonly texts: readonly (string | null)[];
  /** How many the model was asked for now; the others were kept from before. */
  readonly asked: number;
}

/**
 * Asks the stage's model all prompts. Answers are kept as they come, under the hash of model,
 * adapter, options and prompt, so that after a kill, or in another stage that asks the same, only
 * what is missing is asked.
 *
 * @param load called only where something is missing
 * @param guides what each answer is held to, or null
 */
export async function answerAll(
  task: InferTask,
  prompts: readonly string[],
  load: (task: InferTask) => Promise<Answerer>,
  guides: readonly string[] | null = null,
): Promise<Answers> {
  const params = task.params;
  const identity: JsonObject = {
    model: modelIdentity("model", task),
    adapter: adapterIdentity(adapterFolder(task)),
    template: params.template,
    answer: params.answer,
  };
  const log = new AnswerLog(path.join(cacheFolder(task), answerFolder(identity)));
  try {
    const keys = prompts.map((prompt) => answerKey({ asked: identity, prompt }));
    const questions = new Map<string, Question>();
    keys.forEach((key, place) =>
      questions.set(key, questionOf(key, prompts[place]!, guides?.[place])),
    );
    const asked = await askMissing(task, [...questions.values()], log, load);
    return { texts: keys.map((key) => log.get(key)?.text ?? null), asked };
  } finally {
    log.close();
  }
}

const questionOf = (key: string, prompt: string, guide: string | undefined): Question =>
  guide === undefined ? { key, prompt } : { key, prompt, guide };
