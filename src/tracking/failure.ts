import { redact } from "../base/redact.js";

/**
 * Why a request to MLflow failed.
 * - `unreachable`: no connection, a timeout, 429 or 5xx; another try may succeed.
 * - `denied`: 401 or 403; another try fails until somebody corrects the access.
 * - `foreign`: what answers there is no MLflow server (or one far too old), or something before it
 *   (a sign-in page); another try may succeed.
 * - `missing`: the run, experiment or file does not exist there.
 * - `refused`: MLflow refused the request; the same request will always be refused.
 */
export type FailureKind = "unreachable" | "denied" | "foreign" | "missing" | "refused";

/** A request to MLflow that failed. Its message holds no secrets. */
export class MlflowFailure extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    /** MLflow's error code (`RESOURCE_ALREADY_EXISTS`), where it gave one. */
    readonly code: string | null = null,
    /** True where the server may have done what was asked although no answer came. */
    readonly ambiguous = false,
    /** The HTTP status of the answer; null where none came. */
    readonly status: number | null = null,
  ) {
    super(redact(message));
    this.name = "MlflowFailure";
  }
}

/** Says what an answer with an error status means. */
export function failureOf(status: number, body: string, what: string): MlflowFailure {
  const { code, message } = readError(body);
  const text = message ?? `HTTP ${status}`;
  const failure = (kind: FailureKind, says: string, ambiguous = false): MlflowFailure =>
    new MlflowFailure(kind, `${what}: ${says}`, code, ambiguous, status);
  if (status === 401 || status === 403) {
    return failure("denied", `MLflow denies access (HTTP ${status}): ${text}`);
  }
  if (status === 429 || status === 408 || status >= 500) {
    // An error page, not JSON, with status 500 is what MLflow gives to a body it could not read.
    return failure("unreachable", `${text} (HTTP ${status})`, true);
  }
  // A web server in front of MLflow has a limit of its own, often 1 MB, and a page for it.
  if (status === 413) return failure("refused", "too large for the server (HTTP 413)");
  if (code === null) {
    return failure("foreign", `the server there does not answer as MLflow does (HTTP ${status})`);
  }
  return failure(code === "RESOURCE_DOES_NOT_EXIST" ? "missing" : "refused", text);
}

/** True where MLflow refuses a request since its run, or the run's experiment, is in its trash. */
export const isOfDeleted = ({ message }: MlflowFailure): boolean =>
  /must be in the 'active' state/.test(message);

/**
 * A success that is none: status 200 with a page, an empty body or another answer than the one that
 * was asked for. What was asked may have been done.
 */
export const notAnAnswer = (what: string): MlflowFailure =>
  new MlflowFailure(
    "foreign",
    `${what}: the server there does not answer as MLflow does`,
    null,
    true,
    200,
  );

function readError(body: string): { code: string | null; message: string | null } {
  try {
    const parsed = JSON.parse(body) as { error_code?: unknown; message?: unknown };
    const code = typeof parsed.error_code === "string" ? parsed.error_code : null;
    // SQL and stack traces that MLflow adds to its messages help nobody here.
    const message =
      typeof parsed.message === "string" ? parsed.message.split("\n")[0]!.slice(0, 300) : null;
    return { code, message };
  } catch {
    const plain = /<[a-z!]/i.test(body) ? null : body.trim().slice(0, 200);
    return { code: null, message: plain === "" ? null : plain };
  }
}
