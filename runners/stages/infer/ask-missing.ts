import { Drained } from "../../../src/contract/runner.js";
import type { Without } from "../../base/chat/answer.js";
import type { AnswerLog, KeptAnswer } from "../../base/chat/answer-log.js";
import type { Question } from "../../base/chat/ask.js";
import { atFirst } from "../../base/stage/at-first.js";
import type { Answerer } from "./answerer.js";
import type { InferTask } from "./engines/engine.js";

/**
 * Asks the questions that have no answer yet: how many those were when the stage first began, and what
 * became of them.
 *
 * @param log takes the answers
 * @param kept the answer that the log has for a question, if it has one
 */
export async function askMissing(
  task: InferTask,
  questions: readonly Question[],
  log: AnswerLog,
  kept: (key: string) => KeptAnswer | undefined,
  load: (task: InferTask) => Promise<Answerer>,
): Promise<{ readonly asked: number; readonly without: ReadonlyMap<string, Without> }> {
  const total = questions.length;
  const missing = () => questions.filter(({ key }) => kept(key) === undefined);
  const report = (done: number) => task.emit({ type: "progress", done, total, unit: "texts" });
  const first = missing();
  const asked = await atFirst(task, "asked", first.length);
  report(total - first.length);
  if (first.length === 0) return { asked, without: new Map() };
  if (task.stop.draining || task.stop.abort.aborted) throw new Drained();
  const answerer = await load(task);
  try {
    await answerer.recover?.(log);
    const left = missing();
    const before = total - left.length;
    if (left.length < first.length) report(before);
    const without =
      left.length === 0
        ? new Map<string, Without>()
        : await answerer.answer(left, log, (answered) => report(before + answered));
    return { asked, without };
  } finally {
    await answerer.close();
  }
}
