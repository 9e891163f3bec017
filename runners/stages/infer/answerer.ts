import type { AnswerLog } from "../../base/chat/answer-log.js";
import type { Question } from "../../base/chat/ask.js";
import type { Without } from "../../base/chat/answer.js";

/** Something that answers prompts with a model: one of the engines. */
export interface Answerer {
  /** Takes over answers that an attempt cut short had written down and not yet kept. */
  recover?(log: AnswerLog): Promise<void>;
  /**
   * Answers questions, in any order, keeping each answer in the log as soon as it is there. Rejects
   * with Drained after a stop; what has been kept by then counts.
   *
   * @param progress hears how many are answered
   * @returns why there is no answer, by the keys of the questions without one
   */
  answer(
    questions: readonly Question[],
    log: AnswerLog,
    progress: (answered: number) => void,
  ): Promise<ReadonlyMap<string, Without>>;
  close(): Promise<void>;
}
