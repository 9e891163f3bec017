import type { InferExecution, InferParams } from "../../../../runners/stages/infer/settings.js";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadLlamaFactory } from "../../../../runners/stages/infer/llamafactory.js";
import { readTexts } from "../../../../runners/base/artifacts/knowledge.js";
import { knowledgeStage } from "../../../../runners/composition/index.js";
import { AnswerLog } from "../../../../runners/base/chat/answer-log.js";
import type { Question } from "../../../../runners/base/chat/ask.js";
import type { JsonObject } from "../../../../src/base/json.js";
import type { RunnerEvent, StageResult } from "../../../../src/contract/runner.js";
import { Drained } from "../../../../src/contract/runner.js";
import { FakeTask } from "../../../support/fake-task.js";
import { newFolder, removeFolders } from "../../../support/stage.js";
import { tinyAdapter, tinyQwen2 } from "../../../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";
import { writeDataset } from "../../../support/knowledge/dataset.js";
import { runningIn } from "../../../support/knowledge/processes.js";
import { datasetRequest, graphOf, settingsOf } from "../../../support/knowledge/settings.js";

const WORKER = fileURLToPath(
  new URL("../../../support/knowledge/think-worker.mjs", import.meta.url),
);
const PROGRAMS = new URL("../../../../dist/runners/stages/infer/program.js", import.meta.url).href;
const QUIET = { OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1" };
const COUNT = 43;
const BATCH = 4;

/** A line of what the worker says. */
type Said = { readonly event?: RunnerEvent; readonly result?: StageResult };

/** Prompts of all kinds of characters, longest first. */
const questions: readonly Question[] = Array.from({ length: COUNT }, (_, place) => ({
  key: `key ${place}`,
  prompt: `  Number ${place}:\n${'a "film" of the <user> 東京, ünï\\n\t'.repeat(COUNT - place)}\n`,
}));

const linesOf = (file: string): readonly string[] =>
  readFileSync(file, "utf8").split("\n").slice(0, -1);

describe("batch prediction by LLaMA-Factory with a tiny random Qwen2", () => {
  let environment: string;
  let model: string;
  let adapter: string;
  let expected: readonly string[];

  const configOf = (own: JsonObject) => ({
    ...{ model_name_or_path: model, adapter_name_or_path: adapter, finetuning_type: "lora" },
    ...{ template: "qwen", stage: "sft", do_predict: true, predict_with_generate: true },
    ...{ cutoff_len: 1024, per_device_eval_batch_size: BATCH, report_to: "none" },
    ...{ max_new_tokens: 24, do_sample: false, use_cpu: true, bf16: false, seed: 1 },
    ...{ dataset_dir: "data", output_dir: "out", eval_dataset: "prompts", ...own },
  });

  beforeAll(async () => {
    environment = (await testToolchain("llm")).paths.environments["llm"]!;
    const folder = path.join(await newFolder(), "with space");
    mkdirSync(folder);
    model = await tinyQwen2(environment, folder);
    adapter = await tinyAdapter(environment, model, await newFolder());
    // What LLaMA-Factory makes of the same prompts by itself.
    const plain = await newFolder();
    mkdirSync(path.join(plain, "data"));
    const samples = questions.map(({ prompt }) => ({ instruction: prompt, output: "-" }));
    writeFileSync(path.join(plain, "data", "prompts.json"), JSON.stringify(samples));
    const columns = { prompt: "instruction", response: "output" };
    const info = { prompts: { file_name: "prompts.json", columns } };
    writeFileSync(path.join(plain, "data", "dataset_info.json"), JSON.stringify(info));
    writeFileSync(path.join(plain, "predict.yaml"), JSON.stringify(configOf({})));
    const cli = path.join(environment, "bin", "llamafactory-cli");
    const env = { ...QUIET, HF_DATASETS_CACHE: path.join(plain, "datasets") };
    await execa(cli, ["train", "predict.yaml"], { cwd: plain, env });
    expected = linesOf(path.join(plain, "out", "generated_predictions.jsonl")).map((line) =>
      (JSON.parse(line) as { predict: string }).predict.trim(),
    );
    expect(expected.length).toBe(COUNT);
    expect(new Set(expected).size).toBeGreaterThan(COUNT / 2);
  }, INSTALL_TIMEOUT);
  afterAll(removeFolders);

  /** An attempt at all questions that the log does not answer. */
  const attempt = async (
    work: string,
    options: {
      readonly gpus?: readonly number[];
      readonly llamafactory?: JsonObject;
      readonly batch?: number;
      /** Stops after so many answers. */
      readonly drainAt?: number;
    } = {},
  ) => {
    const task = new FakeTask<InferParams, InferExecution>({
      fingerprint: path.basename(work),
      params: {
        prompts: { history: 10, item_raters: "early", seed: 1, templates: {} },
        ...{ model: { folder: true }, template: "qwen" },
        answer: {
          ...{ engine: "llamafactory", max_new_tokens: 24, temperature: 0, cutoff_len: 1024 },
          llamafactory: options.llamafactory ?? {},
        },
      },
      execution: { batch_size: options.batch ?? BATCH } as InferExecution,
      inputs: { adapter },
      files: { "model/config.json": path.join(model, "config.json") },
      out: work,
      work,
      gpus: options.gpus ?? [],
      toolchain: { environments: { llm: environment } },
    });
    const log = new AnswerLog(path.join(work, "log"));
    const answerer = loadLlamaFactory(task);
    const heard: number[] = [];
    await answerer.recover!(log);
    const missing = questions.filter(({ key }) => log.get(key) === undefined);
    const thrown = await answerer
      .answer(missing, log, (answered) => {
        heard.push(answered);
        if (answered >= (options.drainAt ?? Infinity)) task.drain();
      })
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    log.close();
    const texts = questions.map(({ key }) => log.get(key)?.text);
    return { texts, thrown, heard, asked: missing.length, kept: log.size };
  };

  it("answers word for word what LLaMA-Factory writes itself with two processes, of which the last batches are filled up", async () => {
    const llamafactory = { use_cpu: true, bf16: false, ddp_backend: "gloo" };
    const work = await newFolder();
    const { texts, thrown, heard } = await attempt(work, { gpus: [0, 1], llamafactory });
    expect(thrown).toBeUndefined();
    expect(texts).toEqual(expected);
    expect(heard.at(-1)).toBe(COUNT);
    expect(runningIn(work)).toEqual([]);
  }, 300_000);

  it("keeps what is there when it is stopped, and goes on from there, word for word and whatever order it samples in", async () => {
    const work = await newFolder();
    const llamafactory = { train_sampling_strategy: "group_by_length" };
    const first = await attempt(work, { batch: 1, drainAt: 5, llamafactory });
    expect(first.thrown).toBeInstanceOf(Drained);
    expect(first.kept).toBeGreaterThanOrEqual(5);
    expect(first.kept).toBeLessThan(COUNT);
    expect(runningIn(work)).toEqual([]);
    // The beginning of an answer that a kill cut off.
    const answers = path.join(work, "predict", "answers", "0.jsonl");
    writeFileSync(answers, '{"key": "key 42", "te', { flag: "a" });
    const second = await attempt(work, { llamafactory });
    expect(second.thrown).toBeUndefined();
    expect(second.heard.at(-1)).toBe(COUNT - first.kept);
    expect(second.asked).toBe(COUNT - first.kept);
    expect(second.texts).toEqual(expected);
  }, 300_000);

  it("says so where samples are not the prompts that were given", async () => {
    const llamafactory = { max_samples: 3 };
    const { thrown } = await attempt(await newFolder(), { llamafactory });
    expect(String(thrown)).toMatch(/made 3 samples of 43 prompts/);
  }, 300_000);

  describe("whose worker is killed", () => {
    const ITEMS = 44;
    let dataset: string;
    beforeAll(async () => {
      const items = Array.from({ length: ITEMS }, (_, item) => ({ title: `Film ${item + 1}` }));
      dataset = await writeDataset({ users: [], items });
    });

    /** Runs a think stage in a process of its own, killed after so many answers. */
    const think = async (work: string, killAt = Infinity) => {
      const infer = { max_new_tokens: 48, cutoff_len: 1024, batch_size: 2 };
      const settings = settingsOf({ variant: "kar", actor: { name: model }, infer });
      const [, stage] = graphOf(knowledgeStage(settings, { folder: "/" }, datasetRequest)!);
      const out = await newFolder();
      const task = {
        fingerprint: path.basename(work),
        label: "think",
        params: stage!.params,
        execution: stage!.execution,
        inputs: { dataset, adapter },
        files: Object.fromEntries(
          Object.entries(stage!.files).map(([name, file]) => [name, file.path]),
        ),
        out,
        work,
        resources: { gpus: [], threads: 1 },
        toolchain: { environments: { llm: environment } },
      };
      const child = execa(process.execPath, [WORKER, PROGRAMS, "think", JSON.stringify(task)], {
        reject: false,
        buffer: false,
        env: { ...QUIET, R4EC_TEXT_CACHE: "" },
      });
      let result: StageResult | undefined;
      for await (const line of child) {
        const said = JSON.parse(line) as Said;
        result = said.result ?? result;
        if (said.event?.type === "progress" && said.event.done >= killAt) child.kill("SIGKILL");
      }
      const { signal } = await child;
      for (let wait = 0; wait < 100 && runningIn(work).length > 0; wait++) await sleep(100);
      return { signal, result, out };
    };
    const lines = (folder: string): readonly string[] =>
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".jsonl"))
        .flatMap((name) => linesOf(path.join(folder, name)));
    const keysOf = (folder: string): readonly string[] =>
      lines(folder).map((line) => (JSON.parse(line) as { key: string }).key);
    /** Keys of all answers that a killed attempt left, kept or written down. */
    const answered = (work: string): Set<string> =>
      new Set([
        ...keysOf(path.join(work, "cache")),
        ...keysOf(path.join(work, "predict", "answers")),
      ]);
    const askedLast = (work: string): number =>
      linesOf(path.join(work, "predict", "data", "prompts.jsonl")).length;

    it("asks just the missing ones, and its texts are those of a run without a kill", async () => {
      const work = await newFolder();
      const first = await think(work, 6);
      expect(first.signal).toBe("SIGKILL");
      expect(askedLast(work)).toBe(ITEMS);
      const early = answered(work).size;
      expect(early).toBeGreaterThanOrEqual(6);
      expect(early).toBeLessThan(ITEMS);
      const second = await think(work, early + 6);
      expect(second.signal).toBe("SIGKILL");
      expect(askedLast(work)).toBe(ITEMS - early);
      const late = answered(work).size;
      expect(late).toBeGreaterThanOrEqual(early + 6);
      const third = await think(work);
      const kept = keysOf(path.join(work, "cache"));
      expect([kept.length, new Set(kept).size]).toEqual([ITEMS, ITEMS]);
      const whole = await think(await newFolder());
      expect(whole.result?.metrics["texts.asked"]).toBe(ITEMS);
      expect(third.result).toEqual(whole.result);
      expect(await readTexts(third.out, "items")).toEqual(await readTexts(whole.out, "items"));
    }, 600_000);
  });
});
