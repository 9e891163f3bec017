import OpenAI from "openai";
import type { JsonObject } from "../../../src/base/json.js";
import type { AnswerTokens } from "./budget.js";

/** An OpenAI-compatible chat endpoint, as a spec names it. */
export interface EndpointOptions {
  /** `https://host/v1`; null: the openai package's own default or OPENAI_BASE_URL. */
  readonly baseUrl: string | null;
  readonly model: string;
  /** Environment variable that holds the key; the key itself is never stored. Null: none is sent. */
  readonly apiKeyEnv: string | null;
  readonly temperature: number;
  /** Largest number of tokens of an answer. */
  readonly maxTokens: number;
  /** A request that takes longer is given up and tried again. */
  readonly timeoutSeconds: number;
  /** Further fields of the request body, such as `top_p` or `seed`. */
  readonly extra: JsonObject;
}

/** One answer with what it cost. */
export interface Completion {
  readonly text: string;
  /** Null where the endpoint does not tell. */
  readonly tokens: AnswerTokens | null;
  /** `stop`, or `length` where the answer was cut at maxTokens. */
  readonly finishReason: string;
}

/** A request that failed. `fatal`: no request of this kind can succeed (a wrong key, no such model). */
export class EndpointError extends Error {
  readonly status: number | null;
  readonly kind: "passing" | "refused" | "fatal";
  /** Milliseconds the server asked to wait, or null. */
  readonly retryAfter: number | null;
  constructor(
    message: string,
    options: {
      status: number | null;
      kind: "passing" | "refused" | "fatal";
      retryAfter: number | null;
    },
  ) {
    super(message);
    this.name = "EndpointError";
    this.status = options.status;
    this.kind = options.kind;
    this.retryAfter = options.retryAfter;
  }
}

/** Sends one prompt; does not retry (see retry.ts). Rejects with {@link EndpointError} or an abort. */
export type Complete = (prompt: string, abort: AbortSignal) => Promise<Completion>;

/** Connects to a chat endpoint. No request is made yet. */
export function chatEndpoint(options: EndpointOptions): Complete {
  const key = options.apiKeyEnv === null ? undefined : process.env[options.apiKeyEnv];
  if (options.apiKeyEnv !== null && (key === undefined || key === "")) {
    throw new EndpointError(
      `the environment variable ${options.apiKeyEnv} (api_key_env), which should hold the endpoint's key, is not set`,
      { status: null, kind: "fatal", retryAfter: null },
    );
  }
  const client = new OpenAI({
    baseURL: options.baseUrl,
    apiKey: key ?? "none",
    maxRetries: 0, // there is one retry layer, and it is retry.ts
    timeout: options.timeoutSeconds * 1000,
    logLevel: "off", // its log would hold headers and prompts
  });
  return async (prompt, abort) => {
    // The package's timeout ends with the response's head; this one covers the body as well.
    const timeout = AbortSignal.timeout(options.timeoutSeconds * 1000);
    try {
      const answer = await client.chat.completions.create(
        {
          model: options.model,
          messages: [{ role: "user", content: prompt }],
          temperature: options.temperature,
          max_tokens: options.maxTokens,
          ...options.extra,
          stream: false,
        },
        { signal: AbortSignal.any([abort, timeout]) },
      );
      return readCompletion(answer);
    } catch (error) {
      abort.throwIfAborted();
      if (error instanceof EndpointError) throw error;
      if (timeout.aborted) {
        throw new EndpointError(`no answer within ${options.timeoutSeconds} s`, {
          status: null,
          kind: "passing",
          retryAfter: null,
        });
      }
      throw classify(error, key);
    }
  };
}

// Servers that only claim to speak the protocol answer with anything at all.
function readCompletion(answer: OpenAI.Chat.ChatCompletion): Completion {
  const choice = (answer as Partial<typeof answer> | null)?.choices?.[0];
  const text = choice?.message?.content;
  if (typeof text !== "string") {
    throw new EndpointError("the answer is not a chat completion with a text", {
      status: 200,
      kind: "passing",
      retryAfter: null,
    });
  }
  return {
    text,
    tokens: tokensOf(answer.usage as Partial<OpenAI.CompletionUsage> | null | undefined),
    finishReason: choice?.finish_reason ?? "stop",
  };
}

function tokensOf(usage: Partial<OpenAI.CompletionUsage> | null | undefined): AnswerTokens | null {
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = usage ?? {};
  return typeof promptTokens === "number" && typeof completionTokens === "number"
    ? { promptTokens, completionTokens }
    : null;
}

/** What an error of the openai package means; the key is taken out of its words. */
export function classify(error: unknown, key: string | undefined): EndpointError {
  const say = (text: string) => withoutKey(text, key);
  if (!(error instanceof OpenAI.APIError)) {
    return new EndpointError(say(`the answer could not be read: ${(error as Error).message}`), {
      status: null,
      kind: "passing",
      retryAfter: null,
    });
  }
  const status = (error.status as number | undefined) ?? null;
  const cause = error.cause instanceof Error ? ` (${deepestCause(error.cause)})` : "";
  return new EndpointError(say(`${error.message}${cause}`), {
    status,
    kind: kindOf(status),
    retryAfter: retryAfterOf(error.headers as Headers | undefined),
  });
}

function kindOf(status: number | null): EndpointError["kind"] {
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

// A server may repeat the key it was sent ("Incorrect API key provided: ...").
const withoutKey = (text: string, key: string | undefined): string =>
  key === undefined || key.length < 4 ? text : text.replaceAll(key, "(key)");
