import { setTimeout as sleep } from "node:timers/promises";
import { EndpointError } from "./endpoint.js";

export interface RetryOptions {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** First wait, in milliseconds; doubles with each try. */
  readonly firstWait: number;
  /** Longest wait that is not the server's own wish. */
  readonly longestWait: number;
  /** Hears of each failed try. */
  readonly onRetry?: (error: EndpointError, attempt: number, wait: number) => void;
}

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
          throw new EndpointError(`${error.message}; given up after ${attempt} tries`, {
            status: error.status,
            kind: "passing",
            retryAfter: null,
          });
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
