import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/base/json.js";
import { endKeptServers } from "../../../../runners/base/chat/kept.js";
import { loadSentenceTransformers } from "../../../../runners/stages/embed/engines/sentence-transformers-process.js";
import { loadModelServer } from "../../../../runners/stages/infer/server.js";
import { startTeacher } from "../../../../runners/stages/teach/teacher-server.js";
import { FakeTask } from "../../../support/fake-task.js";
import { newFolder, removeFolders } from "../../../support/stage.js";

/**
 * The arguments with which a stage starts its program, on so much of a card. A program that only keeps
 * them stands in, since a share is of use on a card alone.
 */
async function argumentsOf(
  start: (task: FakeTask) => Promise<unknown>,
  setup: { readonly params: JsonObject; readonly execution: JsonObject },
  gpuShare: number | undefined,
): Promise<string> {
  const environment = await newFolder();
  const kept = path.join(environment, "arguments");
  await mkdir(path.join(environment, "bin"));
  for (const name of ["python", "vllm"]) {
    const program = path.join(environment, "bin", name);
    await writeFile(program, `#!/bin/sh\nprintf '%s ' "$@" >"${kept}"\nexit 1\n`);
    await chmod(program, 0o755);
  }
  const task = new FakeTask({
    ...setup,
    ...{ out: await newFolder(), work: await newFolder() },
    toolchain: { environments: { llm: environment } },
    ...(gpuShare === undefined ? {} : { gpus: [0], gpuShare }),
  });
  await expect(start(task)).rejects.toThrow();
  return readFile(kept, "utf8");
}

describe("the share of a card that a stage is given", () => {
  afterEach(() => endKeptServers());
  afterAll(removeFolders);
  const model = { name: "some/model" };
  const execution = { start_timeout_seconds: 60, batch_size: 2, gpus: "16G", server: "r4ec" };
  const infer = { params: { model, answer: {} }, execution };
  const teach = { params: { teacher: { model } }, execution };
  const embed = { params: { engine: "sentence-transformers", model }, execution };
  const starts: readonly (readonly [
    string,
    (task: FakeTask) => Promise<unknown>,
    typeof infer | typeof teach | typeof embed,
    (share: number) => string,
  ])[] = [
    [
      "r4ec's own server, asked for texts",
      (task) => loadModelServer(task as never, "r4ec"),
      infer,
      (share) => `--memory ${share}`,
    ],
    [
      "vLLM, asked for texts",
      (task) => loadModelServer(task as never, "vllm"),
      infer,
      (share) => `--gpu-memory-utilization ${(0.9 * share).toFixed(3)}`,
    ],
    [
      "a teacher's server",
      (task) => startTeacher(task as never),
      teach,
      (share) => `--memory ${share}`,
    ],
    [
      "the embedder",
      (task) =>
        loadSentenceTransformers(task as never).embed(
          ["a"],
          () => undefined,
          () => false,
        ),
      embed,
      (share) => `"share":${share}}`,
    ],
  ];

  it.each(starts)("is the most memory that is used by %s", async (_, start, setup, words) => {
    expect(await argumentsOf(start, setup, 0.25)).toContain(words(0.25));
    const alone = await argumentsOf(start, setup, undefined);
    expect(alone.replace(words(1), "")).not.toMatch(/--memory|utilization|"share"/);
  });
});
