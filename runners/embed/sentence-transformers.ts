import path from "node:path";
import { execa } from "execa";
import type { JsonObject } from "../../src/json.js";
import type { StageTask } from "../../src/runner.js";
import { modelLocation } from "../knowledge/models.js";
import { projectFile } from "../knowledge/project-file.js";
import { ProgramFailure, pythonVariables } from "../knowledge/python.js";
import type { Embedder } from "./embedder.js";

/** A line of what embed.py writes. */
type Line =
  | { readonly model: JsonObject }
  | { readonly places: readonly number[]; readonly dimension: number; readonly vectors: string };

/** An embedder that runs sentence-transformers in the LLM environment, one process a call. */
export function loadSentenceTransformers(task: StageTask): Embedder {
  const environment = task.toolchain.llmEnvironment;
  if (environment === null) throw new Error("the LLM environment is not there: run r4ec setup");
  const { params, execution, resources } = task;
  const request = {
    ...params,
    model: modelLocation("model", params["model"] as JsonObject, task),
    revision: (params["model"] as JsonObject)["revision"] ?? null,
    batch_size: execution["batch_size"],
    threads: resources.threads,
  };
  return {
    async embed(texts, onVectors, stopped) {
      const child = execa(
        path.join(environment, "bin", "python"),
        [projectFile("runners/embed/embed.py")],
        {
          input: JSON.stringify({ ...request, texts }),
          env: pythonVariables(task),
          buffer: { stdout: false, stderr: true },
          maxBuffer: 1 << 20,
          cancelSignal: task.stop.abort,
          forceKillAfterDelay: 5000,
          reject: false,
        },
      );
      task.stop.onDrain(() => child.kill());
      for await (const text of child) {
        const line = JSON.parse(text) as Line;
        if ("model" in line) report(task, line.model);
        else onVectors(vectorsOf(line));
      }
      const result = await child;
      if (!result.failed || stopped()) return;
      throw new ProgramFailure("sentence-transformers", {
        exitCode: result.exitCode ?? null,
        signal: result.signal ?? null,
        stderrTail: result.stderr.split("\n").slice(-40).join("\n"),
      });
    },
    close: () => Promise.resolve(),
  };
}

function vectorsOf(line: Extract<Line, { places: unknown }>) {
  const bytes = Buffer.from(line.vectors, "base64");
  const numbers = new Float32Array(line.places.length * line.dimension);
  for (let n = 0; n < numbers.length; n++) numbers[n] = bytes.readFloatLE(4 * n);
  return line.places.map(
    (place, row) =>
      [place, numbers.slice(row * line.dimension, (row + 1) * line.dimension)] as const,
  );
}

function report(task: StageTask, model: JsonObject): void {
  const values = Object.entries(model).map(([name, value]) => [
    `embed.${name}`,
    typeof value === "number" ? value : String(value),
  ]);
  task.emit({
    type: "facts",
    values: Object.fromEntries(values) as Record<string, string | number>,
  });
}
