import { setTimeout as sleep } from "node:timers/promises";
import type { StageTask } from "../../../src/contract/runner.js";
import { EndpointError } from "./endpoint-error.js";

export interface RetryOptions {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** First wait, in milliseconds; doubles with each try. */
  readonly firstWait: number;
  /** Longest wait that is not the server's own wish. */
  readonly longestWait: number;
  /** Called after each failed try. */
  readonly onRetry?: (error: EndpointError, attempt: number, wait: number) => void;
}

/**
 * A listener for {@link RetryOptions.onRetry} that writes each failed try into the journal.
 *
 * @param who what was asked, for the message: a model's name, `embeddings`
 */
export const notesRetries =
  (task: Pick<StageTask, "emit">, who: string): NonNullable<RetryOptions["onRetry"]> =>
  ({ message }, attempt, wait) => {
    const again = `asking again in ${(wait / 1000).toFixed(1)} s (try ${attempt + 1})`;
    task.emit({ type: "note", severity: "info", message: `${who}: ${message}; ${again}` });
  };

export const DEFAULT_RETRY: RetryOptions = { attempts: 8, firstWait: 500, longestWait: 60_000 };

/**
 * Wraps an endpoint so that passing failures are tried again, with exponential backoff and full
 * jitter. A server's Retry-After is kept, and holds back every other call of the same wrapper too:
 * one refused request tells all of them.
 */
export function withRetries<Asked, Answer>(
  complete: (prompt: Asked, abort: AbortSignal) => Promise<Answer>,
  options: RetryOptions = DEFAULT_RETRY,
): (prompt: Asked, abort: AbortSignal) => Promise<Answer> {
  let heldUntil = 0;
  return async (prompt, abort) => {
    for (let attempt = 1; ; attempt++) {
      for (let wait = heldUntil - Date.now(); wait > 0; wait = heldUntil - Date.now()) {
        await sleep(wait, undefined, { signal: abort });
      }
      try {
        return await complete(prompt, abort);
      } catch (error) {
        abort.throwIfAborted();
        if (!(error instanceof EndpointError) || error.kind !== "passing") throw error;
        if (attempt >= options.attempts) {
          const message = `${error.message}; r4ec gave up after ${attempt} tries`;
          throw new EndpointError(message, "passing", { status: error.status });
        }
        const backoff = Math.min(options.longestWait, options.firstWait * 2 ** (attempt - 1));
        const wait = error.retryAfter ?? Math.random() * backoff;
        if (error.retryAfter !== null) heldUntil = Math.max(heldUntil, Date.now() + wait);
        options.onRetry?.(error, attempt, wait);
        await sleep(wait, undefined, { signal: abort });
      }
    }
  };
}
