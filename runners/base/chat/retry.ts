import type { StageTask, StopSignal } from "../../../src/contract/runner.js";
import { Drained } from "../../../src/contract/runner.js";
import { EndpointError } from "./endpoint-error.js";
import { tellRetry } from "./paid.js";

export interface RetryOptions {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** First wait, in milliseconds; doubles with each try. */
  readonly firstWait: number;
  /** Longest wait that is not the server's own wish. */
  readonly longestWait: number;
  /** A server that wants to be asked later than this is not waited for. */
  readonly longestWish: number;
  /** Waiting ends, with {@link Drained}, when the stage is to come to an end. */
  readonly stop?: StopSignal;
  /** Called after each failed try. */
  readonly onRetry?: (error: EndpointError, attempt: number, wait: number) => void;
}

/** A failure that goes on is told again after so many milliseconds. */
const TOLD_AGAIN = 30_000;

/**
 * A listener for {@link RetryOptions.onRetry} that writes failed tries into the journal. Many prompts
 * are asked at once, and one cause befalls them all: the same words are told once in a while, with
 * their number, not for each prompt.
 *
 * @param who what was asked, for the message: a model's name, `embeddings`
 */
export function notesRetries(
  task: Pick<StageTask, "emit">,
  who: string,
): NonNullable<RetryOptions["onRetry"]> {
  const told = new Map<string, { at: number; since: number }>();
  return ({ message }, attempt, wait) => {
    tellRetry(task);
    const before = told.get(message);
    if (before !== undefined && Date.now() - before.at < TOLD_AGAIN) {
      before.since += 1;
      return;
    }
    const again = `asking again in ${(wait / 1000).toFixed(1)} s (try ${attempt + 1})`;
    const more =
      before === undefined ? "" : `; ${before.since} more times since this was last said`;
    told.set(message, { at: Date.now(), since: 0 });
    task.emit({ type: "note", severity: "info", message: `${who}: ${message}; ${again}${more}` });
  };
}

export const DEFAULT_RETRY: RetryOptions = {
  attempts: 8,
  firstWait: 500,
  longestWait: 60_000,
  longestWish: 10 * 60_000,
};

/** How a stage tries again: so many retries, each noted, none waited for after a stop. */
export const retriesOf = (
  task: Pick<StageTask, "emit" | "stop">,
  who: string,
  retries: number,
): RetryOptions => ({
  ...DEFAULT_RETRY,
  attempts: retries + 1,
  stop: task.stop,
  onRetry: notesRetries(task, who),
});

/**
 * Wraps an endpoint so that passing failures are tried again, with exponential backoff and full
 * jitter. A server's Retry-After is kept where it is the longer of the two, and holds back every
 * other call of the same wrapper too: one refused request tells all of them. One that asks for more
 * than {@link RetryOptions.longestWish} ends in its own words.
 */
export function withRetries<Asked, Answer, More extends readonly unknown[]>(
  complete: (prompt: Asked, abort: AbortSignal, ...more: More) => Promise<Answer>,
  options: RetryOptions = DEFAULT_RETRY,
): (prompt: Asked, abort: AbortSignal, ...more: More) => Promise<Answer> {
  let heldUntil = 0;
  const draining = new AbortController();
  options.stop?.onDrain(() => draining.abort(new Drained()));
  return async (prompt, abort, ...more) => {
    const pause = (wait: number) => sleep(wait, [abort, draining.signal]);
    for (let attempt = 1; ; attempt++) {
      for (let wait = heldUntil - Date.now(); wait > 0; wait = heldUntil - Date.now()) {
        await pause(wait);
      }
      try {
        return await complete(prompt, abort, ...more);
      } catch (error) {
        abort.throwIfAborted();
        if (!(error instanceof EndpointError) || error.kind !== "passing") throw error;
        const wish = error.retryAfter ?? 0;
        if (wish > options.longestWish) throw tooLate(error, wish, options.longestWish);
        if (attempt >= options.attempts) {
          throw ended(error, `r4ec gave up after ${attempt} tries`);
        }
        const backoff = Math.min(options.longestWait, options.firstWait * 2 ** (attempt - 1));
        const wait = Math.max(wish, Math.random() * backoff);
        if (wish > 0) heldUntil = Math.max(heldUntil, Date.now() + wait);
        options.onRetry?.(error, attempt, wait);
        await pause(wait);
      }
    }
  };
}

/** The end of asking again. Where the endpoint did answer, it is the end of this prompt alone. */
const ended = ({ message, answered, status, reason }: EndpointError, why: string): EndpointError =>
  new EndpointError(`${message}; ${why}`, answered ? "refused" : "passing", { status, reason });

/** The end of the stage, which is not tried again either: the server has said that it is too early. */
function tooLate({ message, status }: EndpointError, wish: number, longest: number): EndpointError {
  const why =
    `it asks to be asked again in ${duration(wish)}, and r4ec waits ${duration(longest)} at most; ` +
    "run the sweep again later, answers so far are kept";
  return new EndpointError(`${message}; ${why}`, "fatal", { status });
}

function duration(milliseconds: number): string {
  const minutes = milliseconds / 60_000;
  if (minutes < 1) return `${Math.round(milliseconds / 1000)} s`;
  return minutes < 120 ? `${Math.round(minutes)} min` : `${Math.round(minutes / 60)} h`;
}

/** Waits; rejects with a signal's reason as soon as it is aborted. */
function sleep(milliseconds: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", end);
      const aborted = signals.find((signal) => signal.aborted);
      if (aborted === undefined) resolve();
      else reject(aborted.reason as Error);
    };
    const timer = setTimeout(end, milliseconds);
    for (const signal of signals) signal.addEventListener("abort", end);
    if (signals.some((signal) => signal.aborted)) end();
  });
}
