import pLimit from "p-limit";
import type { StopSignal } from "../../../src/contract/runner.js";
import { Drained } from "../../../src/contract/runner.js";
import type { AnswerLog, KeptAnswer } from "./answer-log.js";
import type { Budget } from "./budget.js";
import { BudgetSpent } from "./budget.js";
import type { Complete } from "./completions.js";
import { EndpointError } from "./endpoint-error.js";

/** A question with the key its answer is kept under. */
export interface Question {
  readonly key: string;
  readonly prompt: string;
  /** What the answer is held to, where the endpoint can do that (runners/base/prompts/guides.ts). */
  readonly guide?: string;
}

export interface AskOptions {
  readonly complete: Complete;
  readonly log: AnswerLog;
  readonly budget: Budget;
  readonly maxTokens: number;
  /** The largest number of requests at the same time. */
  readonly concurrency: number;
  readonly stop: StopSignal;
  /**
   * Called after each answer, also one that was kept from before, with the number of answers so
   * far.
   */
  readonly onAnswer?: (done: number, total: number) => void;
}

/**
 * Asks all questions and gives their answers in order; null for one that the endpoint refused
 * (too long, filtered). Kept answers are not asked again. Rejects with {@link BudgetSpent},
 * {@link Drained} after the requests under way have ended, or the first fatal
 * {@link EndpointError}.
 */
export async function askAll(
  questions: readonly Question[],
  options: AskOptions,
): Promise<(KeptAnswer | null)[]> {
  const limit = pLimit(options.concurrency);
  let done = 0;
  let ended: Error | null = null;
  const abort = new AbortController();
  const either = AbortSignal.any([abort.signal, options.stop.abort]);
  const end = (error: Error) => {
    if (ended !== null) return;
    ended = error;
    // After a drain or a spent budget, requests that are already paid for may finish; nothing else
    // is waited for.
    if (!(error instanceof Drained) && !(error instanceof BudgetSpent)) abort.abort(error);
  };
  const answers = await Promise.all(
    questions.map((question) =>
      limit(async () => {
        if (ended !== null) return null;
        try {
          const answer = await askOne(question, options, either, () => done, questions.length);
          done += 1;
          options.onAnswer?.(done, questions.length);
          return answer;
        } catch (error) {
          end(error as Error);
          return null;
        }
      }),
    ),
  );
  if (ended !== null) throw ended as Error;
  return answers;
}

async function askOne(
  question: Question,
  options: AskOptions,
  abort: AbortSignal,
  answered: () => number,
  total: number,
): Promise<KeptAnswer | null> {
  const kept = options.log.get(question.key);
  if (kept !== undefined) {
    options.budget.add(kept.promptTokens, kept.completionTokens);
    return kept;
  }
  if (options.stop.draining) throw new Drained();
  const reservation = await options.budget.reserveInTurn(question.prompt, options.maxTokens);
  if (reservation === null) throw new BudgetSpent(options.budget, answered(), total);
  try {
    const completion = await options.complete(question.prompt, abort);
    const counted = reservation.settle(completion.tokens);
    const answer: KeptAnswer = { key: question.key, text: completion.text, ...counted };
    options.log.add(answer);
    return answer;
  } catch (error) {
    reservation.release();
    if (error instanceof EndpointError && error.kind === "refused") return null;
    throw error;
  }
}
