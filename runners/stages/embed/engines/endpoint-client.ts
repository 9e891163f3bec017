import OpenAI from "openai";
import pLimit from "p-limit";
import type { JsonObject } from "../../../../src/base/json.js";
import type { StageTask } from "../../../../src/contract/runner.js";
import { classify, EndpointError } from "../../../base/chat/endpoint.js";
import { DEFAULT_RETRY, withRetries } from "../../../base/chat/retry.js";
import type { Embedder } from "./engine.js";

/** An embedder that asks an OpenAI-compatible embeddings endpoint. */
export function loadEndpoint(task: StageTask): Embedder {
  const execution = task.execution as unknown as {
    readonly base_url: string;
    readonly api_key_env: string | null;
    readonly batch_size: number;
    readonly concurrency: number;
    readonly timeout_seconds: number;
    readonly retries: number;
  };
  const keyName = execution.api_key_env;
  const key = keyName === null ? undefined : process.env[keyName];
  if (keyName !== null && (key === undefined || key === "")) {
    throw fatal(`the environment variable ${keyName} (api_key_env) is not set`);
  }
  const client = new OpenAI({
    baseURL: execution.base_url,
    apiKey: key ?? "none",
    maxRetries: 0, // there is one retry layer, withRetries
    logLevel: "off", // its log would hold headers and texts
  });
  const model = (task.params["model"] as JsonObject)["name"] as string;
  const dimension = task.params["dimension"] as number | undefined;
  const milliseconds = execution.timeout_seconds * 1000;
  const ask = async (texts: readonly string[], abort: AbortSignal): Promise<Float32Array[]> => {
    const timeout = AbortSignal.timeout(milliseconds);
    try {
      const answer = await client.embeddings.create(
        {
          model,
          input: [...texts],
          encoding_format: "float",
          ...(dimension === undefined ? {} : { dimensions: dimension }),
        },
        { signal: AbortSignal.any([abort, timeout]) },
      );
      return readVectors(answer, texts.length);
    } catch (error) {
      abort.throwIfAborted();
      if (error instanceof EndpointError) throw error;
      if (timeout.aborted) throw passing(`no answer within ${execution.timeout_seconds} s`);
      throw classify(error, key);
    }
  };
  const askPatiently = withRetries(ask, {
    ...DEFAULT_RETRY,
    attempts: execution.retries + 1,
    onRetry: ({ message }, attempt, wait) => {
      const again = `asking again in ${(wait / 1000).toFixed(1)} s (try ${attempt + 1})`;
      task.emit({ type: "note", severity: "info", message: `embeddings: ${message}; ${again}` });
    },
  });
  const normalize = task.params["normalize"] === true;
  return {
    embed: (texts, onVectors, stopped) =>
      inBatches(texts, execution, task.stop.abort, stopped, async (places, abort) => {
        const vectors = await askPatiently(
          places.map((place) => texts[place]!),
          abort,
        );
        if (normalize) vectors.forEach(scaleToOne);
        onVectors(places.map((place, row) => [place, vectors[row]!] as const));
      }),
    close: () => Promise.resolve(),
  };
}

/** Works through batches, some at once; the first failure ends those under way. */
async function inBatches(
  texts: readonly string[],
  { batch_size, concurrency }: { readonly batch_size: number; readonly concurrency: number },
  abort: AbortSignal,
  stopped: () => boolean,
  work: (places: readonly number[], abort: AbortSignal) => Promise<void>,
): Promise<void> {
  const limit = pLimit(concurrency);
  const failure = new AbortController();
  const either = AbortSignal.any([abort, failure.signal]);
  const starts = Array.from(
    { length: Math.ceil(texts.length / batch_size) },
    (_, batch) => batch * batch_size,
  );
  const outcomes = await Promise.allSettled(
    starts.map((start) =>
      limit(async () => {
        if (stopped() || either.aborted) return;
        const size = Math.min(batch_size, texts.length - start);
        try {
          await work(
            Array.from({ length: size }, (_, place) => start + place),
            either,
          );
        } catch (error) {
          if (!failure.signal.aborted) failure.abort(error);
        }
      }),
    ),
  );
  const bug = outcomes.find((outcome) => outcome.status === "rejected");
  if (bug !== undefined) throw bug.reason;
  if (failure.signal.aborted && !stopped()) throw failure.signal.reason;
}

// Servers that only claim to speak the protocol answer with anything at all.
function readVectors(answer: unknown, wanted: number): Float32Array[] {
  const data = (answer as Partial<OpenAI.CreateEmbeddingResponse> | null)?.data;
  if (!Array.isArray(data)) throw passing("the answer is not a list of embeddings");
  const vectors: (Float32Array | undefined)[] = new Array<undefined>(wanted).fill(undefined);
  for (const [place, { embedding, index }] of data.entries()) {
    const isVector =
      Array.isArray(embedding) && embedding.length > 0 && embedding.every(Number.isFinite);
    if (isVector) vectors[index ?? place] = Float32Array.from(embedding);
  }
  if (vectors.length !== wanted || vectors.some((vector) => vector === undefined)) {
    const there = vectors.filter((vector) => vector !== undefined).length;
    throw passing(`${wanted} embeddings were asked for and ${there} came`);
  }
  return vectors as Float32Array[];
}

function scaleToOne(vector: Float32Array): void {
  const length = Math.hypot(...vector);
  if (length > 0) vector.forEach((number, n) => (vector[n] = number / length));
}

const passing = (message: string): EndpointError =>
  new EndpointError(message, { status: null, kind: "passing", retryAfter: null });
const fatal = (message: string): EndpointError =>
  new EndpointError(message, { status: null, kind: "fatal", retryAfter: null });
