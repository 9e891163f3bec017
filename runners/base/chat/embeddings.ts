import type OpenAI from "openai";
import type { AnswerTokens } from "./budget.js";
import type { EndpointAddress } from "./endpoint.js";
import { connect } from "./endpoint.js";
import { EndpointError } from "./endpoint-error.js";

/** A model behind an embeddings endpoint. */
export interface EmbeddingOptions extends EndpointAddress {
  readonly model: string;
  /** Length of the vectors that the endpoint is asked for; null: the model's own. */
  readonly dimension: number | null;
  /** Called with the tokens of each request that was answered, where the endpoint tells them. */
  readonly onPaid: (tokens: AnswerTokens) => void;
}

/**
 * Sends texts and gives their vectors in the same order; does not retry (see retry.ts). Rejects with
 * {@link EndpointError} or an abort.
 */
export type Embed = (texts: readonly string[], abort: AbortSignal) => Promise<Float32Array[]>;

/** Embeddings of an endpoint. No request is made yet. */
export function embeddingsEndpoint(options: EmbeddingOptions): Embed {
  const send = connect(options);
  const { model, dimension } = options;
  return (texts, abort) =>
    send(async (client, signal) => {
      const answer = await client.embeddings.create(
        {
          model,
          input: [...texts],
          encoding_format: "float",
          ...(dimension === null ? {} : { dimensions: dimension }),
        },
        { signal },
      );
      const vectors = readVectors(answer, texts.length);
      const told: unknown = (answer as Partial<OpenAI.CreateEmbeddingResponse>).usage
        ?.prompt_tokens;
      options.onPaid({ promptTokens: typeof told === "number" ? told : 0, completionTokens: 0 });
      return vectors;
    }, abort);
}

// A server that does not follow the protocol may answer with anything.
function readVectors(answer: unknown, wanted: number): Float32Array[] {
  const data = (answer as Partial<OpenAI.CreateEmbeddingResponse> | null)?.data;
  if (!Array.isArray(data)) {
    throw new EndpointError("the answer is not a list of embeddings", "passing");
  }
  const found = new Map<number, Float32Array>();
  for (const [place, { embedding, index }] of data.entries()) {
    const isVector =
      Array.isArray(embedding) &&
      embedding.length > 0 &&
      embedding.every((number) => typeof number === "number");
    if (isVector) found.set(index ?? place, Float32Array.from(embedding));
  }
  const vectors = Array.from({ length: wanted }, (_, place) => found.get(place));
  if (found.size === wanted && vectors.every((vector) => vector !== undefined)) return vectors;
  throw new EndpointError(`${wanted} embeddings were asked for, but ${found.size} came`, "passing");
}
