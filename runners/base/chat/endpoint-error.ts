import OpenAI from "openai";
import { learnSecret, redact } from "../../../src/base/redact.js";

/** Whether a request that failed may be sent again. */
export type FailureKind =
  /** It may pass: the same request may succeed later. */
  | "passing"
  /** This one request is refused (too long, filtered); others may succeed. */
  | "refused"
  /** No request of this kind can succeed: a wrong key, no such model. */
  | "fatal";

/** A request to an endpoint that failed. */
export class EndpointError extends Error {
  readonly kind: FailureKind;
  /** HTTP status, or null where there was no answer. */
  readonly status: number | null;
  /** Milliseconds that the server asked to wait, or null. */
  readonly retryAfter: number | null;
  constructor(
    message: string,
    kind: FailureKind,
    {
      status = null,
      retryAfter = null,
    }: { status?: number | null; retryAfter?: number | null } = {},
  ) {
    super(message);
    this.name = "EndpointError";
    this.kind = kind;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** What an error of the openai package means; the key is taken out of its message. */
export function endpointErrorOf(error: unknown, key: string | undefined): EndpointError {
  // A server may repeat the key it was sent ("Incorrect API key provided: ...").
  learnSecret(key);
  const say = redact;
  if (!(error instanceof OpenAI.APIError)) {
    const message = `the answer could not be read: ${(error as Error).message}`;
    return new EndpointError(say(message), "passing");
  }
  const status = (error.status as number | undefined) ?? null;
  const cause = error.cause instanceof Error ? ` (${deepestCause(error.cause)})` : "";
  return new EndpointError(say(`${error.message}${cause}`), kindOf(status), {
    status,
    retryAfter: retryAfterOf(error.headers as Headers | undefined),
  });
}

function kindOf(status: number | null): FailureKind {
  if (status === null || status === 408 || status === 409 || status === 429 || status >= 500) {
    return "passing";
  }
  // 400, 413 and 422 are about this prompt (too long, filtered); the others hold for every prompt.
  return status === 400 || status === 413 || status === 422 ? "refused" : "fatal";
}

/** Reads `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110, 10.2.3). */
export function retryAfterOf(headers: Headers | undefined, now = Date.now()): number | null {
  const exact = Number(headers?.get("retry-after-ms") ?? NaN);
  if (Number.isFinite(exact)) return Math.max(0, exact);
  const given = headers?.get("retry-after") ?? null;
  if (given === null) return null;
  const seconds = Number(given);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(given);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function deepestCause(error: Error): string {
  return error.cause instanceof Error ? deepestCause(error.cause) : error.message;
}
