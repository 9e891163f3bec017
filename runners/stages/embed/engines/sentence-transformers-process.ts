import { closeSync, openSync, readSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { JsonObject } from "../../../../src/base/json.js";
import type { StageTask } from "../../../../src/contract/runner.js";
import { modelLocation } from "../../../base/models/model-input.js";
import { packageFile } from "../../../../src/base/package.js";
import { ProgramFailure } from "../../../base/python/failure.js";
import { endKeptServers } from "../../../base/chat/kept.js";
import { runProgram } from "../../../base/python/run.js";
import type { Embedder } from "./engine.js";
import type {
  SentenceTransformersExecution,
  SentenceTransformersParams,
} from "./sentence-transformers-params.js";
import { openFolder } from "../../../../src/base/folder.js";

/** A line of what embed.py writes; vectors stand in a file of their own. */
type Line =
  | { readonly model: JsonObject }
  | { readonly places: readonly number[]; readonly dimension: number };

/** An embedder that runs sentence-transformers in the LLM environment, one process a call. */
export function loadSentenceTransformers(
  task: StageTask<SentenceTransformersParams, SentenceTransformersExecution>,
): Embedder {
  const { params, execution, resources } = task;
  const request = {
    ...params,
    model: modelLocation("model", params.model, task),
    revision: params.model["revision"] ?? null,
    batch_size: execution.batch_size,
    threads: resources.threads,
  };
  const folder = path.join(task.work, "embed");
  return {
    async embed(texts, onVectors, stopped) {
      await rm(folder, { recursive: true, force: true });
      await openFolder(folder);
      const [requestFile, vectorsFile] = ["request.json", "vectors.f32"].map((name) =>
        path.join(folder, name),
      ) as [string, string];
      await writeFile(requestFile, JSON.stringify({ ...request, texts }));
      await writeFile(vectorsFile, "");
      const vectors = openSync(vectorsFile, "r");
      let failure: unknown;
      try {
        // One that gives its memory back stays: the stage after this one often asks for it.
        await endKeptServers((_, yields) => !yields);
        const end = await runProgram(task, {
          program: "python",
          arguments: [
            packageFile("runners/stages/embed/engines/embed.py"),
            requestFile,
            vectorsFile,
          ],
          folder,
          log: "embed",
          onLine: (text) => {
            if (failure !== undefined) return;
            try {
              const line = JSON.parse(text) as Line;
              if ("model" in line) report(task, line.model);
              else onVectors(readBatch(vectors, line.places, line.dimension));
            } catch (error) {
              failure = error; // nobody catches what is thrown out of a stream's listener
            }
          },
        });
        if (failure !== undefined) throw failure;
        if (end.exitCode === 0 || stopped()) return;
        throw new ProgramFailure("sentence-transformers", end, {
          path: "knowledge.embed.batch_size",
          value: execution.batch_size,
        });
      } finally {
        closeSync(vectors);
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Reads the next batch from where the last one ended. */
function readBatch(
  file: number,
  places: readonly number[],
  dimension: number,
): readonly (readonly [place: number, vector: Float32Array])[] {
  const numbers = new Float32Array(places.length * dimension);
  const bytes = new Uint8Array(numbers.buffer);
  // What Python has said is there is there: it writes the vectors before it speaks of them.
  const read = readSync(file, bytes, 0, bytes.length, null);
  if (read !== bytes.length) throw new Error(`${read} of ${bytes.length} bytes of vectors came`);
  return places.map(
    (place, row) => [place, numbers.slice(row * dimension, (row + 1) * dimension)] as const,
  );
}

function report(task: Pick<StageTask, "emit">, model: JsonObject): void {
  const values = Object.entries(model).map(([name, value]) => [
    `embed.${name}`,
    typeof value === "number" ? value : String(value),
  ]);
  task.emit({
    type: "facts",
    values: Object.fromEntries(values) as Record<string, string | number>,
  });
}
