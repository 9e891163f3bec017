import { Drained } from "../../../src/contract/runner.js";
import type { AnswerLog } from "../../base/chat/answer-log.js";
import type { Question } from "../../base/chat/ask.js";
import type { Answerer } from "./answerer.js";
import type { InferTask } from "./engines/engine.js";

/** Asks the questions that have no answer yet; resolves with their number. */
export async function askMissing(
  task: InferTask,
  questions: readonly Question[],
  log: AnswerLog,
  load: (task: InferTask) => Promise<Answerer>,
): Promise<number> {
  const total = questions.length;
  const missing = () => questions.filter(({ key }) => log.get(key) === undefined);
  const report = (done: number) => task.emit({ type: "progress", done, total, unit: "texts" });
  const first = missing();
  report(total - first.length);
  if (first.length === 0) return 0;
  if (task.stop.draining || task.stop.abort.aborted) throw new Drained();
  const answerer = await load(task);
  try {
    await answerer.recover?.(log);
    const left = missing();
    const before = total - left.length;
    if (left.length < first.length) report(before);
    if (left.length > 0) {
      await answerer.answer(left, log, (answered) => report(before + answered));
    }
    return left.length;
  } finally {
    await answerer.close();
  }
}
