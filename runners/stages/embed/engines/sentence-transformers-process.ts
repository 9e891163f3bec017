import { Agent, request } from "undici";
import type { JsonObject } from "../../../../src/base/json.js";
import { packageFile } from "../../../../src/base/package.js";
import type { StageTask } from "../../../../src/contract/runner.js";
import { keptServer, type KeptServer } from "../../../base/chat/kept.js";
import { modelIdentity } from "../../../base/models/identity.js";
import { modelLocation } from "../../../base/models/model-input.js";
import type { Embedder } from "./engine.js";
import type {
  SentenceTransformersExecution,
  SentenceTransformersParams,
} from "./sentence-transformers-params.js";

type EmbedTask = StageTask<SentenceTransformersParams, SentenceTransformersExecution>;

/** A model may have to be fetched first; nobody knows how long that takes. */
const START_SECONDS = 24 * 3600;
/** Batches that are on their way at once: one is computed while another one is read or written. */
const BATCHES = 2;

/**
 * An embedder that asks a server of embed.py, which runs sentence-transformers in the LLM environment. The
 * server starts with the first texts, and stays for the next stage that asks for the same.
 */
export function loadSentenceTransformers(task: EmbedTask): Embedder {
  let open: { readonly served: KeptServer; readonly ways: Agent } | null = null;
  return {
    async embed(texts, onVectors, stopped) {
      const served = await startEmbedding(task);
      open = { served, ways: new Agent({ headersTimeout: 0, bodyTimeout: 0 }) };
      const { ways } = open;
      // What a stop finds on its way is lost, like all that has not come yet.
      const drained = new AbortController();
      task.stop.onDrain(() => drained.abort());
      const ask = async (name: string, body: JsonObject): Promise<Buffer> => {
        const answer = await request(`${served.baseUrl}/${name}`, {
          method: "POST",
          body: JSON.stringify(body),
          dispatcher: ways,
          signal: AbortSignal.any([task.stop.abort, drained.signal, served.gone]),
        });
        return Buffer.from(await answer.body.arrayBuffer());
      };
      try {
        await report(task, served);
        const batches = batchesOf(texts, task.execution.batch_size);
        const work = async (): Promise<void> => {
          for (let batch = batches.next(); batch !== null; batch = batches.next()) {
            if (stopped()) return;
            const places = batch;
            const vectors = await ask("embed", { texts: places.map((place) => texts[place]!) });
            onVectors(cut(vectors, places));
          }
        };
        const working = Promise.all(Array.from({ length: BATCHES }, work));
        await Promise.race([working, served.died]);
        await ask("rest", {});
      } catch (error) {
        // One that could not be asked to the end is not left for the next stage.
        await served.end();
        if (stopped()) return;
        throw served.gone.aborted ? served.gone.reason : error;
      }
    },
    async close() {
      await open?.served.close();
      await open?.ways.destroy();
    },
  };
}

function startEmbedding(task: EmbedTask): Promise<KeptServer> {
  const { params, execution, resources } = task;
  const share = resources.gpuShare ?? 1;
  const asked = JSON.stringify({
    ...params,
    model: modelLocation("model", params.model, task),
    revision: params.model["revision"] ?? null,
    batch_size: execution.batch_size,
    threads: resources.threads,
    share,
  });
  return keptServer(task, {
    command: ["python", "{embed}", "{port}", "{asked}"],
    values: { embed: packageFile("runners/stages/embed/engines/embed.py"), asked },
    identity: [asked, modelIdentity("model", task)],
    yields: true,
    purpose: "vectors",
    startTimeoutSeconds: START_SECONDS,
    setting: "knowledge.embed",
    name: "sentence-transformers",
    batch: { path: "knowledge.embed.batch_size", value: execution.batch_size },
  });
}

/** Places of texts in batches, the longest first: what doesn't fit into memory shows at once, and batches hold little padding. */
function batchesOf(texts: readonly string[], size: number) {
  const order = texts.map((_, place) => place);
  order.sort((one, other) => texts[other]!.length - texts[one]!.length);
  return {
    /** The next batch; null after the last one. */
    next: (): readonly number[] | null => (order.length === 0 ? null : order.splice(0, size)),
  };
}

/** The vectors of some places, out of the bytes of all of them. */
function cut(
  bytes: Buffer,
  places: readonly number[],
): readonly (readonly [place: number, vector: Float32Array])[] {
  const width = bytes.length / Float32Array.BYTES_PER_ELEMENT / places.length;
  if (!Number.isInteger(width) || width === 0) {
    throw new Error(`${bytes.length} bytes of vectors came for ${places.length} texts`);
  }
  const numbers = new Float32Array(places.length * width);
  new Uint8Array(numbers.buffer).set(bytes);
  return places.map(
    (place, row) => [place, numbers.slice(row * width, (row + 1) * width)] as const,
  );
}

/** Tells what the server has loaded. */
async function report(task: EmbedTask, { baseUrl }: KeptServer): Promise<void> {
  const response = await fetch(`${baseUrl}/models`, { signal: task.stop.abort });
  const { model } = (await response.json()) as { readonly model: JsonObject };
  const values = Object.entries(model).map(([name, value]) => [
    `embed.${name}`,
    typeof value === "number" ? value : String(value),
  ]);
  task.emit({
    type: "facts",
    values: Object.fromEntries(values) as Record<string, string | number>,
  });
}
