import pLimit from "p-limit";
import type { StageTask } from "../../../../src/contract/runner.js";
import { embeddingsEndpoint } from "../../../base/chat/embeddings.js";
import { FREE, tellsPaid } from "../../../base/chat/paid.js";
import { retriesOf, withRetries } from "../../../base/chat/retry.js";
import { scaleToOne } from "../fit.js";
import type { EndpointExecution, EndpointParams } from "./endpoint-params.js";
import type { Embedder } from "./engine.js";

/** An embedder that asks an OpenAI-compatible embeddings endpoint. */
export function loadEndpoint(task: StageTask<EndpointParams, EndpointExecution>): Embedder {
  const { params, execution } = task;
  const ask = withRetries(
    embeddingsEndpoint({
      baseUrl: execution.base_url,
      apiKeyEnv: execution.api_key_env,
      timeoutSeconds: execution.timeout_seconds,
      model: params.model.name,
      dimension: params.dimension ?? null,
      onPaid: tellsPaid(task, { ...FREE, ...execution.prices }),
    }),
    retriesOf(task, "embeddings", execution.retries),
  );
  return {
    embed: (texts, onVectors, stopped) =>
      inBatches(texts, execution, task.stop.abort, stopped, async (places, abort) => {
        const vectors = await ask(
          places.map((place) => texts[place]!),
          abort,
        );
        if (params.normalize) vectors.forEach(scaleToOne);
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
