import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { embedRunner } from "../../../../runners/stages/embed/runner.js";
import { writeJsonl } from "../../../../runners/base/files/write-jsonl.js";
import { endKeptServers } from "../../../../runners/base/chat/kept.js";
import { modelInput } from "../../../../runners/base/models/model-input.js";
import { readNpy } from "../../../../runners/base/files/npy.js";
import type { JsonObject } from "../../../../src/base/json.js";
import type { RunnerEvent } from "../../../../src/contract/runner.js";
import { newFolder, removeFolders, runStage } from "../../../support/stage.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";
import { writeDataset } from "../../../support/knowledge/dataset.js";
import { miniLm } from "../../../support/knowledge/minilm.js";

const texts = [
  "Star Wars (1977). Genres: Action, Science Fiction.",
  "A film about battles between space ships",
  "How to bake a chocolate cake",
];

describe("sentence-transformers", () => {
  let environment: string;
  let model: string;
  let dataset: string;
  let text: string;

  beforeAll(async () => {
    environment = (await testToolchain("llm")).paths.environments["llm"]!;
    model = await miniLm();
    dataset = await writeDataset({ users: [[]], items: texts.map((title) => ({ title })) });
    text = await newFolder();
    await writeJsonl(path.join(text, "users.jsonl"), []);
    await writeJsonl(
      path.join(text, "items.jsonl"),
      texts.map((each, row) => ({ index: row + 1, text: each })),
    );
  }, INSTALL_TIMEOUT);
  afterEach(() => endKeptServers());
  afterAll(removeFolders);

  /** Programs that this process runs. */
  const children = (): readonly string[] =>
    readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");

  const run = (
    own: JsonObject = {},
    options: {
      readonly batchSize?: number;
      readonly work?: string;
      readonly onEvent?: (event: RunnerEvent, drain: () => void) => void;
    } = {},
  ) => {
    const input = modelInput("model", model, null, { folder: "/" });
    return runStage({
      runner: embedRunner,
      params: {
        engine: "sentence-transformers",
        model: input.params,
        pooling: "auto",
        normalize: true,
        ...own,
      },
      execution: { batch_size: options.batchSize ?? 2 },
      inputs: { dataset, text },
      files: Object.fromEntries(
        Object.entries(input.files).map(([name, file]) => [name, file.path]),
      ),
      toolchain: { environments: { llm: environment } },
      ...(options.work === undefined ? {} : { work: options.work }),
      ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    });
  };
  const items = async (out: string) => {
    const { data, shape } = await readNpy(path.join(out, "items.npy"));
    const width = shape[1]!;
    return texts.map((_, row) => [...data.slice((row + 1) * width, (row + 2) * width)]);
  };
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, number, n) => sum + number * b[n]!, 0);

  it("gives what the library itself gives, with the model's own pooling, a stop in between", async () => {
    const work = await newFolder();
    const stopped = await run(
      {},
      {
        batchSize: 1,
        work,
        onEvent: (event, drain) => {
          if (event.type === "progress" && event.done === 1) drain();
        },
      },
    );
    expect(String(stopped.thrown)).toMatch(/stopped at a checkpoint/);
    const { out, result, events } = await run({}, { work });
    // As in a run without a stop.
    expect(result?.metrics["texts.embedded"]).toBe(3);
    const script = [
      "import json, sys",
      "from sentence_transformers import SentenceTransformer",
      "model = SentenceTransformer(sys.argv[1])",
      "print(json.dumps(model.encode(json.loads(sys.argv[2]), normalize_embeddings=True).tolist()))",
    ].join("\n");
    const { stdout } = await execa(
      path.join(environment, "bin", "python"),
      ["-c", script, model, JSON.stringify(texts)],
      { env: { OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1" } },
    );
    const expected = JSON.parse(stdout) as number[][];
    const got = await items(out);
    expect(got[0]).toHaveLength(384);
    got.forEach((vector, row) => expect(dot(vector, expected[row]!)).toBeCloseTo(1, 4));
    expect(dot(got[0]!, got[1]!)).toBeGreaterThan(dot(got[0]!, got[2]!) + 0.2);
    expect(events).toContainEqual({
      type: "facts",
      values: {
        "embed.pooling": "mean",
        "embed.max_tokens": 256,
        "embed.dimension": 384,
        "embed.device": "cpu",
      },
    });
  }, 300_000);

  it("pools by the first token where asked to, and keeps the first numbers", async () => {
    const { out, events } = await run({ pooling: "cls", dimension: 16, max_tokens: 8 });
    const [vector] = await items(out);
    expect(vector).toHaveLength(16);
    expect(dot(vector!, vector!)).toBeCloseTo(1, 5);
    expect(events).toContainEqual(
      expect.objectContaining({
        values: expect.objectContaining({ "embed.pooling": "cls", "embed.max_tokens": 8 }),
      }),
    );
    const program = async () => {
      const { events: told, out: again } = await run({ max_tokens: 8 });
      expect(await items(again)).toHaveLength(3);
      return told.filter(({ type }) => type === "facts");
    };
    // The second stage is served by the first one's program, which it finds up.
    const before = children();
    const first = await program();
    const started = children().filter((pid) => !before.includes(pid));
    expect([started.length, first.length]).toEqual([1, 2]);
    expect(await program()).toEqual(first);
    expect(children().filter((pid) => !before.includes(pid))).toEqual(started);
  }, 300_000);

  it("takes a card, or the share of one that is asked for", () => {
    const params = { engine: "sentence-transformers", model: {} };
    expect(embedRunner.resources(params, { batch_size: 2 })).toEqual({ cpus: 4, gpus: 1 });
    const share = { batch_size: 2, gpus: 0.25 };
    expect(embedRunner.resources(params, share)).toEqual({ cpus: 4, gpus: 0.25 });
    const memory = { batch_size: 2, gpus: "4G" };
    expect(embedRunner.resources(params, memory)).toEqual({ cpus: 4, gpus: 1, gpuMemory: 4096 });
  });

  it("tells the last words of a model that cannot be loaded", async () => {
    const file = path.join(await newFolder(), "config.json");
    writeFileSync(file, "{}");
    const { error } = await runStage({
      runner: embedRunner,
      params: {
        engine: "sentence-transformers",
        model: { folder: true },
        pooling: "mean",
        normalize: true,
      },
      execution: { batch_size: 2 },
      inputs: { dataset, text },
      files: { "model/config.json": file },
      toolchain: { environments: { llm: environment } },
    });
    // Another try would end in the same way.
    expect(error?.kind).toBe("spec");
    expect(error?.message).toMatch(/^sentence-transformers failed \(exit status 1\): \w+Error: /);
    expect(error?.detail).toContain("Traceback");
  }, 300_000);
});
