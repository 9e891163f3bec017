import pLimit from "p-limit";
import type { StopSignal } from "../../../src/contract/runner.js";
import { Drained } from "../../../src/contract/runner.js";
import type { Without } from "./answer.js";
import type { AnswerLog, KeptAnswer } from "./answer-log.js";
import type { AnswerTokens, Budget } from "./budget.js";
import { BudgetSpent } from "./budget.js";
import type { Complete, Completion } from "./completions.js";
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
  /** The most tokens that an answer may have. */
  readonly maxTokens: number;
  /** How often a cut answer is asked again, each time with twice the room. */
  readonly cutTries: number;
  /** The largest number of requests at the same time. */
  readonly concurrency: number;
  readonly stop: StopSignal;
  /**
   * Called after each answer, also one that was kept from before, with the number of answers so
   * far.
   */
  readonly onAnswer?: (done: number, total: number) => void;
  /** Called with the tokens of each request that was answered now. */
  readonly onPaid: (tokens: AnswerTokens) => void;
}

/** What all questions of one call share. */
interface Round extends AskOptions {
  /** Ends requests: the stage's own abort, or the call's after a failure. */
  readonly abort: AbortSignal;
  /** Questions answered so far, and in all. */
  readonly answered: () => number;
  readonly total: number;
}

/** What became of a question: an answer with a text, or the reason for none. */
export type Asked = { readonly kept: KeptAnswer } | Without;

/** The key of a question's answer with more room. */
const keyWithRoom = (key: string, room: number): string => (room === 1 ? key : `${key}x${room}`);

/**
 * The answer that is kept for a question: of those with more and more room the first that is not cut,
 * or the last. Undefined where the question is still to be asked.
 */
export function keptAnswer(log: AnswerLog, key: string, cutTries: number): KeptAnswer | undefined {
  let best: KeptAnswer | undefined;
  for (let tries = 0; tries <= cutTries; tries++) {
    const kept = log.get(keyWithRoom(key, 2 ** tries));
    if (kept === undefined) return undefined;
    if (kept.why === undefined) best = kept;
    if (kept.cut !== true) break;
  }
  return best;
}

/**
 * Asks all questions and gives what became of each, in order. Kept answers are not asked again.
 * Rejects with {@link BudgetSpent}, {@link Drained} after the requests under way have ended, or the
 * first {@link EndpointError} that is not about one prompt alone.
 */
export async function askAll(
  questions: readonly Question[],
  options: AskOptions,
): Promise<readonly Asked[]> {
  const limit = pLimit(options.concurrency);
  let done = 0;
  let ended: Error | null = null;
  const abort = new AbortController();
  const round: Round = {
    ...options,
    abort: AbortSignal.any([abort.signal, options.stop.abort]),
    answered: () => done,
    total: questions.length,
  };
  const end = (error: Error) => {
    if (ended !== null) return;
    ended = error;
    // After a drain or a spent budget, requests that are already paid for may finish; nothing else
    // is waited for.
    if (!(error instanceof Drained) && !(error instanceof BudgetSpent)) abort.abort(error);
  };
  const answers = await Promise.all(
    questions.map((question) =>
      limit(async (): Promise<Asked | null> => {
        if (ended !== null) return null;
        try {
          const answer = await askOne(question, round);
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
  return answers as readonly Asked[];
}

async function askOne(question: Question, round: Round): Promise<Asked> {
  const { log, budget, cutTries } = round;
  let best: Asked | undefined;
  for (let tries = 0; tries <= cutTries; tries++) {
    const room = 2 ** tries;
    const key = keyWithRoom(question.key, room);
    const before = log.get(key);
    if (before !== undefined) budget.add(before.promptTokens, before.completionTokens);
    // A cut answer without a text is looked past where there is more room to try.
    const isThere = before?.why === undefined || (before.cut === true && tries < cutTries);
    const asked =
      before !== undefined && isThere
        ? outcomeOf(before)
        : await askWithRoom({ ...question, key }, room, before, round);
    best = "kept" in asked || best === undefined ? asked : best;
    if (!isCut(asked)) break;
  }
  return best!;
}

const outcomeOf = (kept: KeptAnswer): Asked =>
  kept.why === undefined ? { kept } : { why: kept.why, words: "" };

const isCut = (asked: Asked): boolean =>
  "kept" in asked ? asked.kept.cut === true : asked.why === "cut";

/** @param before what an earlier attempt paid for an answer without a text */
async function askWithRoom(
  { key, prompt }: Question,
  room: number,
  before: KeptAnswer | undefined,
  round: Round,
): Promise<Asked> {
  const { log, budget, stop } = round;
  if (stop.draining) throw new Drained();
  const reservation = await budget.reserveInTurn(prompt, round.maxTokens * room);
  if (reservation === null) throw new BudgetSpent(budget, round.answered(), round.total);
  let completion: Completion;
  try {
    completion = await round.complete(prompt, round.abort, room);
  } catch (error) {
    reservation.release();
    if (error instanceof EndpointError && error.kind === "refused") {
      return { why: error.reason, words: error.message };
    }
    throw error;
  }
  const { raw, said } = completion;
  const { promptTokens, completionTokens } = reservation.settle(completion.tokens);
  round.onPaid({ promptTokens, completionTokens });
  const kept: KeptAnswer = {
    key,
    text: raw,
    promptTokens: promptTokens + (before?.promptTokens ?? 0),
    completionTokens: completionTokens + (before?.completionTokens ?? 0),
    ...(said.cut ? { cut: true } : {}),
    ...(said.text === null ? { why: said.why } : {}),
  };
  log.add(kept);
  return said.text === null ? { why: said.why, words: said.words } : { kept };
}
