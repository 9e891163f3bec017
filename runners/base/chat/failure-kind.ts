/** What a failure says about asking again. */
export type FailureKind =
  /** It may pass: the same request may succeed later. */
  | "passing"
  /** This one request is refused (too long, filtered); others may succeed. */
  | "refused"
  /** No request of this kind can succeed: a wrong key, no such model, a spent quota. */
  | "fatal";

/** What an endpoint says of a request that failed, as far as it says it. */
export interface Complaint {
  /** HTTP status; null where there was no answer. */
  readonly status: number | null;
  /** `context_length_exceeded`, `insufficient_quota` ... */
  readonly code: string;
  readonly type: string;
  /** The field of the request that is wrong. */
  readonly param: string;
  readonly message: string;
  /** True where the endpoint says when to come again. */
  readonly comesAgain: boolean;
}

/** Statuses that may pass, beside 5xx. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429]);
/** Statuses of 5xx that do not pass: the server does not know how to do it. */
const NEVER: ReadonlySet<number> = new Set([501, 505]);
/** Statuses that may be about one prompt alone. */
const ABOUT_A_PROMPT: ReadonlySet<number> = new Set([400, 413, 422]);

const SPENT_CODE =
  /^(insufficient_quota|insufficient_balance|insufficient_credits|billing_hard_limit_reached|billing_not_active|quota_exceeded)$/iu;
const SPENT =
  /exceeded your current quota|insufficient[ _](quota|balance|credits?|funds)|credit balance is too low|billing (hard )?limit|out of credits|quota (has been|is) (exhausted|spent|used up)|余额不足/iu;
const COMES_AGAIN =
  /(retry|try again) (in|after) [\d.]+ ?(ms|s|m|h)|per (second|minute|hour|day)/iu;

const TOO_LONG =
  /`inputs` tokens \+|context[ _-]?(length|window|size)|maximum context|(prompt|input|message|request|content|text|payload|entity|body)[^.]{0,40}(too (long|large)|longer than)|too many (input |prompt )?tokens|string_above_max_length|exceeds? [^.]{0,60}tokens/iu;
const FILTERED =
  /content[ _-]?(filter|policy|management)|safety|moderation|flagged|blocked by|content exists risk|inappropriate content|data_?inspection/iu;

const WRONG_CODE =
  /unsupported|unknown_(parameter|field|argument)|unrecognized|model_not_found|invalid_model|model_not_supported|extra_forbidden|invalid_api_key/iu;
const WRONG = new RegExp(
  [
    /(unsupported|unknown|invalid|unrecognized) (request )?(param|argument|field|name|model|value)/,
    /unrecognized|unsupported ?params|extra inputs are not permitted|extra fields not permitted/,
    /additional properties|extraneous key|unexpected (keyword|field|parameter)/,
    /(does|do) not support|(is|are) (not supported|unsupported|unavailable)|not supported with|only supports?\b/,
    /model[^.]{0,80}(not (exist|found|available|loaded|deployed)|does(n't| not) exist)/,
    /no such model|not a valid model|unable to serve model|missing required (parameter|field)/,
    /field required|parse (the )?grammar/,
    // Zhipu, DashScope and others: a model that does not exist, a parameter that is wrong or not supported.
    /模型不存在|参数(错误|无效|不合法)|不支持/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "iu",
);
/** A field of the request, named beside a demand on its value. */
const DEMAND =
  /["'`]?\b(temperature|top_p|top_k|min_p|(max|min)_(new_|completion_|output_)?tokens|seed|(frequency|presence|repetition)_penalty|dimensions|encoding_format|guided_\w+|response_format|reasoning\w*|enable_thinking|thinking|chat_template_kwargs|logprobs|stop|stream)\b["'`]?[^.]{0,80}\b(must|should|needs? to|invalid|at most|at least|less than|greater than|too (large|small|high)|not allowed|out of range)\b/iu;
/** What of a request is the prompt. */
const THE_PROMPT = /^$|message|prompt|input|content/iu;

/**
 * What a complaint says about asking again. A parameter, a value or a model that the endpoint does
 * not take is fatal: every other request has it too. What is too long or filtered is one prompt's own.
 */
export function kindOf(complaint: Complaint): FailureKind {
  const { status, code, type, param, message } = complaint;
  if (isSpent(complaint)) return "fatal";
  if (status === null || PASSING.has(status)) return "passing";
  if (status >= 500) return NEVER.has(status) ? "fatal" : "passing";
  if (!ABOUT_A_PROMPT.has(status)) return "fatal";
  if (TOO_LONG.test(`${code} ${message}`)) return "refused";
  if (WRONG_CODE.test(`${code} ${type}`) || WRONG.test(message)) return "fatal";
  if (isFiltered(complaint)) return "refused";
  if (!THE_PROMPT.test(param) || DEMAND.test(message)) return "fatal";
  return "refused";
}

/** True where a filter of contents stopped the prompt or its answer. */
export const isFiltered = ({ code, type, message }: Complaint): boolean =>
  FILTERED.test(`${code} ${type}`) || FILTERED.test(message);

/**
 * True where the account's quota is spent: waiting does not mend that. Some endpoints use the same
 * words for a rate limit, and then say when to come again.
 */
export function isSpent({ code, type, message, comesAgain }: Complaint): boolean {
  if (SPENT_CODE.test(code) || SPENT_CODE.test(type)) return true;
  return SPENT.test(message) && !comesAgain && !COMES_AGAIN.test(message);
}
