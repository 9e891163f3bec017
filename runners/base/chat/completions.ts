import type OpenAI from "openai";
import type { JsonObject } from "../../../src/base/json.js";
import type { Reading } from "./answer.js";
import { readChoice } from "./answer.js";
import type { AnswerTokens } from "./budget.js";
import type { EndpointAddress } from "./endpoint.js";
import { connect } from "./endpoint.js";
import { EndpointError, errorInAnswer, shortened } from "./endpoint-error.js";
import { requestOptions } from "./extra.js";

/** A model behind a chat endpoint, and the settings of its answers. */
export interface ChatOptions extends EndpointAddress {
  readonly model: string;
  readonly temperature: number;
  /** The largest number of tokens in an answer. */
  readonly maxTokens: number;
  /** Further fields of the request body, such as `top_p` or `seed`; null leaves a field out. */
  readonly extra: JsonObject;
}

/** One answer with what it cost. */
export interface Completion extends Reading {
  /** Null where the endpoint does not tell. */
  readonly tokens: AnswerTokens | null;
}

/**
 * Sends one prompt; does not retry (see retry.ts). Rejects with {@link EndpointError} or an abort.
 *
 * @param room how many times the usual number of tokens the answer may have: 1, 2, 4 ...
 */
export type Complete = (prompt: string, abort: AbortSignal, room: number) => Promise<Completion>;

/** Chat completions of an endpoint. No request is made yet. */
export function chatEndpoint(options: ChatOptions): Complete {
  const send = connect(options);
  return (prompt, abort, room) =>
    send(async (client, signal, key) => {
      const answer = await client.chat.completions.create(
        {
          ...requestOptions(options, room),
          model: options.model,
          messages: [{ role: "user", content: prompt }],
          stream: false,
        } as OpenAI.Chat.ChatCompletionCreateParamsNonStreaming,
        { signal },
      );
      return readCompletion(answer, key);
    }, abort);
}

// A server that does not follow the protocol may answer with anything.
function readCompletion(answer: unknown, key: string | undefined): Completion {
  const body = (typeof answer === "object" && answer !== null ? answer : {}) as {
    readonly error?: unknown;
    readonly choices?: unknown;
    readonly usage?: Partial<OpenAI.CompletionUsage> | null;
  };
  const choices = Array.isArray(body.choices) ? (body.choices as readonly unknown[]) : null;
  const first = choices?.[0] as { readonly error?: unknown } | null | undefined;
  const error = body.error ?? first?.error ?? null;
  const reading = error === null ? readChoice(first) : null;
  if (reading !== null) return { ...reading, tokens: tokensOf(body.usage) };
  if (error !== null) throw errorInAnswer(error, key);
  const shown = shortened(JSON.stringify(answer) ?? "", 200);
  throw new EndpointError(`the answer is not a chat completion: ${shown}`, "passing", {
    status: 200,
    reason: "error",
    answered: choices !== null,
  });
}

function tokensOf(usage: Partial<OpenAI.CompletionUsage> | null | undefined): AnswerTokens | null {
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = usage ?? {};
  return typeof promptTokens === "number" && typeof completionTokens === "number"
    ? { promptTokens, completionTokens }
    : null;
}
