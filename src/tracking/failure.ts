import { redact } from "../base/redact.js";

/**
 * Why a request to MLflow failed.
 * - `unreachable`: no connection, a timeout, 429 or 5xx; another try may succeed.
 * - `denied`: 401 or 403; another try fails until somebody corrects the access.
 * - `foreign`: what answers there is no MLflow server (or one far too old).
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
  ) {
    super(redact(message));
    this.name = "MlflowFailure";
  }
}

/** Says what an answer with an error status means. */
export function failureOf(status: number, body: string, what: string): MlflowFailure {
  const { code, message } = readError(body);
  const text = message ?? `HTTP ${status}`;
  if (status === 401 || status === 403) {
    return new MlflowFailure("denied", `${what}: MLflow denies access (HTTP ${status}): ${text}`);
  }
  if (status === 429 || status === 408 || status >= 500) {
    // An error page, not JSON, with status 500 is what MLflow gives to a body it could not read.
    return new MlflowFailure("unreachable", `${what}: ${text} (HTTP ${status})`, code, true);
  }
  if (code === null) {
    return new MlflowFailure(
      "foreign",
      `${what}: the server there does not answer as MLflow does (HTTP ${status})`,
    );
  }
  const kind = code === "RESOURCE_DOES_NOT_EXIST" ? "missing" : "refused";
  return new MlflowFailure(kind, `${what}: ${text}`, code);
}

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
