import OpenAI from "openai";
import { UserError } from "../../../src/base/exit.js";
import { learnSecret, redact } from "../../../src/base/redact.js";
import type { NoText } from "./answer.js";
import { isFiltered, isSpent, kindOf, type Complaint, type FailureKind } from "./failure-kind.js";

/** What is known of a failed request beside its message. */
interface Known {
  readonly status?: number | null;
  readonly retryAfter?: number | null;
  readonly reason?: NoText;
  readonly answered?: boolean;
}

/** A request to an endpoint that failed. */
export class EndpointError extends Error {
  readonly kind: FailureKind;
  /** HTTP status, or null where there was no answer. */
  readonly status: number | null;
  /** Milliseconds that the server asked to wait, or null. */
  readonly retryAfter: number | null;
  /** What a refused prompt is counted under. */
  readonly reason: NoText;
  /**
   * True where the endpoint did answer, with an error in place of a text: when asking again is over,
   * that is this prompt's end and not the stage's.
   */
  readonly answered: boolean;
  constructor(message: string, kind: FailureKind, known: Known = {}) {
    super(message);
    this.name = "EndpointError";
    this.kind = kind;
    this.status = known.status ?? null;
    this.retryAfter = known.retryAfter ?? null;
    this.reason = known.reason ?? "refused";
    this.answered = known.answered ?? false;
  }
}

/** What an error of the openai package means; the key is taken out of its message. */
export function endpointErrorOf(error: unknown, key: string | undefined): EndpointError {
  // A server may repeat the key it was sent ("Incorrect API key provided: ...").
  learnSecret(key);
  if (!(error instanceof OpenAI.APIError)) {
    if (error instanceof UserError) return new EndpointError(redact(error.message), "fatal");
    const { message } = error as Error;
    // A model that gives no numbers gives none the next time; JSON has no word for them.
    const kind = /\b(?:NaN|Infinity)\b|No number after minus/u.test(message) ? "fatal" : "passing";
    return new EndpointError(redact(`the answer could not be read: ${message}`), kind);
  }
  const cause = error.cause instanceof Error ? ` (${deepestCause(error.cause)})` : "";
  const complaint = complaintOf(error.error, (error.status as number | undefined) ?? null);
  const retryAfter = retryAfterOf(error.headers as Headers | undefined);
  return errorOf(
    `${error.message}${cause}`,
    { ...complaint, message: error.message },
    {
      retryAfter,
    },
  );
}

/** An error object that stands in an answer of status 200; `key` is taken out of its message. */
export function errorInAnswer(error: unknown, key: string | undefined): EndpointError {
  const told = complaintOf(error, null);
  const { status } = told;
  const number = status === null ? "" : `${status} `;
  const message = `an error in place of an answer: ${number}${told.message}`;
  learnSecret(key);
  return errorOf(message, told, { answered: true });
}

function errorOf(message: string, told: Complaint, known: Known): EndpointError {
  const complaint = { ...told, comesAgain: (known.retryAfter ?? 0) > 0 };
  const spent = isSpent(complaint) ? " (the quota is spent; answers so far are kept)" : "";
  const reason: NoText = isFiltered(complaint) ? "filtered" : known.answered ? "error" : "refused";
  return new EndpointError(`${redact(message)}${spent}`, kindOf(complaint), {
    ...known,
    status: told.status,
    reason,
  });
}

/** Reads an error object of any server: `{message, code, type, param}`, `{detail}` or a text. */
function complaintOf(error: unknown, status: number | null): Complaint {
  const fields = typeof error === "object" && error !== null ? error : { message: error };
  const told = fields as { readonly [name: string]: unknown };
  const text = (name: string): string => {
    const value = told[name];
    return typeof value === "string" ? value : "";
  };
  const inside = [told["status"], told["code"]].map(Number).find((n) => n >= 400 && n < 600);
  return {
    status: status ?? inside ?? null,
    code: text("code"),
    type: text("type"),
    param: text("param"),
    message: text("message") || (error === undefined ? "" : JSON.stringify(error)),
    comesAgain: false,
  };
}

/** How much of a server's words is repeated. */
const MOST_WORDS = 500;

/**
 * A failed answer's body in OpenAI's form, whatever its own is: the openai package reads words in
 * that form alone, and vLLM, TGI, Ollama and FastAPI each have another.
 */
export function errorBody(text: string): { readonly error: object } {
  const parsed = parsedOf(text);
  const own = typeof parsed === "object" && parsed !== null ? parsed : {};
  const fields = own as { readonly [name: string]: unknown };
  const inner = fields["error"];
  const base = typeof inner === "object" && inner !== null ? { ...inner } : { ...own };
  const said = [
    (base as { readonly [name: string]: unknown })["message"],
    ...[inner, fields["message"], fields["detail"], fields["errors"]],
    parsed === undefined ? text : parsed,
  ].find((each) => each !== undefined && each !== null && each !== "");
  const message =
    typeof said === "string" ? said : said === undefined ? "no words" : JSON.stringify(said);
  return { error: { ...base, message: shortened(message) } };
}

function parsedOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** One line, without the tags of a page of HTML, not too long. */
export function shortened(text: string, most = MOST_WORDS): string {
  const plain = text
    .replace(/<(style|script)[\s\S]*?<\/\1>/giu, " ")
    .replace(/<\/?[a-z!][^>]*>/giu, " ")
    .replace(/\s+/gu, " ")
    .trim();
  return plain.length > most ? `${plain.slice(0, most)}...` : plain;
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
