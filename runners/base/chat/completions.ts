import type OpenAI from "openai";
import type { JsonObject } from "../../../src/base/json.js";
import type { AnswerTokens } from "./budget.js";
import type { EndpointAddress } from "./endpoint.js";
import { connect } from "./endpoint.js";
import { EndpointError } from "./endpoint-error.js";

/** A model behind a chat endpoint, and how it is to answer. */
export interface ChatOptions extends EndpointAddress {
  readonly model: string;
  readonly temperature: number;
  /** The largest number of tokens in an answer. */
  readonly maxTokens: number;
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

/** Sends one prompt; does not retry (see retry.ts). Rejects with {@link EndpointError} or an abort. */
export type Complete = (prompt: string, abort: AbortSignal) => Promise<Completion>;

/** Chat completions of an endpoint. No request is made yet. */
export function chatEndpoint(options: ChatOptions): Complete {
  const send = connect(options);
  return (prompt, abort) =>
    send(async (client, signal) => {
      const answer = await client.chat.completions.create(
        {
          model: options.model,
          messages: [{ role: "user", content: prompt }],
          temperature: options.temperature,
          max_tokens: options.maxTokens,
          ...options.extra,
          stream: false,
        },
        { signal },
      );
      return readCompletion(answer);
    }, abort);
}

// Servers that only claim to speak the protocol answer with anything at all.
function readCompletion(answer: OpenAI.Chat.ChatCompletion): Completion {
  const choice = (answer as Partial<typeof answer> | null)?.choices?.[0];
  const text = choice?.message?.content;
  if (typeof text !== "string") {
    throw new EndpointError("the answer is not a chat completion with a text", "passing", {
      status: 200,
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
