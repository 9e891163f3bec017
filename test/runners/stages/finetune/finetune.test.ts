import type { InferTask } from "../../../../runners/stages/infer/engines/engine.js";
import { existsSync } from "node:fs";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/base/json.js";
import type { Runner, RunnerEvent } from "../../../../src/contract/runner.js";
import { Drained } from "../../../../src/contract/runner.js";
import { finetuneRunners } from "../../../../runners/stages/finetune/runner.js";
import { finetuneStage, ownSamplesStage } from "../../../../runners/stages/finetune/stage.js";
import type { FinetuneSettings } from "../../../../runners/stages/finetune/settings.js";
import {
  isWholeSafetensors,
  lastCheckpoint,
} from "../../../../runners/stages/finetune/checkpoints.js";
import { answerAll } from "../../../../runners/stages/infer/answer-all.js";
import { loadAnswerer } from "../../../../runners/stages/infer/load-answerer.js";
import { modelInput } from "../../../../runners/base/models/model-input.js";
import { programOf } from "../../../../runners/base/stage/program.js";
import {
  newFolder,
  removeFolders,
  runStage,
  type StageOutcome,
  type StageSetup,
} from "../../../support/stage.js";
import { tinyQwen2 } from "../../../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";

const SAMPLES = fileURLToPath(new URL("../../../data/amz_user_refine.json", import.meta.url));
const runnerOf = (name: string) => finetuneRunners.find((runner) => runner.name === name)!;

let environment: string;
let model: string;
let samples: string;
beforeAll(async () => {
  environment = (await testToolchain("llm")).paths.environments["llm"]!;
  model = await tinyQwen2(environment, await newFolder());
  const request = ownSamplesStage(settings(), { folder: "/" });
  const made = await runStage({
    runner: runnerOf("samples"),
    params: request.params,
    files: filesOf(request.files),
  });
  expect(made.error ?? made.thrown).toBeUndefined();
  expect(made.result?.metrics).toEqual({ "samples.refinement": 568 });
  samples = made.out;
  // Training on all 568 takes minutes; the first few dozen tell as much.
  const all = JSON.parse(
    await readFile(path.join(samples, "refinement.json"), "utf8"),
  ) as unknown[];
  await writeFile(path.join(samples, "refinement.json"), JSON.stringify(all.slice(0, 48)));
}, INSTALL_TIMEOUT);
afterAll(removeFolders);

function settings(own: Partial<FinetuneSettings> = {}): FinetuneSettings {
  return {
    lora_rank: 4,
    lora_alpha: null,
    lora_dropout: 0,
    lora_target: "all",
    cutoff_len: 256,
    batch_size: 4,
    micro_batch_size: 4,
    learning_rate: 1e-3,
    epochs: 1,
    schedule: "cosine",
    warmup_ratio: 0.1,
    validation: 0.1,
    precision: "auto",
    save_steps: 4,
    gpus: 1,
    samples: { thinking: null, refinement: SAMPLES, reflection: null },
    llamafactory: {},
    actor: {},
    ...own,
  };
}

const filesOf = (files: { readonly [name: string]: { readonly path: string } }) =>
  Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file.path]));

function setupOf(own: Partial<FinetuneSettings> = {}, name = model): StageSetup {
  const stage = ownSamplesStage(settings(), { folder: "/" });
  const sources = { refinement: { stage, classes: ["refinement"] as const } };
  const request = finetuneStage("actor", settings(own), { name }, 1, sources, { folder: "/" });
  return {
    runner: runnerOf("finetune"),
    params: request.params,
    execution: request.execution,
    inputs: { refinement: samples },
    files: filesOf(request.files),
    toolchain: { environments: { llm: environment } },
    fingerprint: "f1".repeat(32),
  };
}

const lines = (text: string): JsonObject[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as JsonObject);

const tokensTold = (events: readonly RunnerEvent[]): number =>
  events.reduce((sum, one) => sum + (one.type === "usage" ? one.promptTokens : 0), 0);

/** What all tests train: with a rate at which the answers change. */
const TRAINED = { epochs: 4, learning_rate: 1e-2 };
/** The training without a stop, which the first test makes. */
let trained: StageOutcome;

test("an adapter is trained on the 568 real samples, every metric with its step", async () => {
  trained = await runStage({ ...setupOf(TRAINED), fingerprint: "ab".repeat(32) });
  expect(trained.error ?? trained.thrown).toBeUndefined();
  expect(await isWholeSafetensors(path.join(trained.out, "adapter_model.safetensors"))).toBe(true);
  const adapter = JSON.parse(
    await readFile(path.join(trained.out, "adapter_config.json"), "utf8"),
  ) as JsonObject;
  expect(adapter).toMatchObject({ r: 4, lora_alpha: 8, peft_type: "LORA" });
  // 48 samples, a tenth of them for validation: 43 to train on, 11 steps of 4, four times.
  const losses = trained.events.flatMap((event) =>
    event.type === "metrics" && "train.loss" in event.values ? [event.step] : [],
  );
  expect(losses).toEqual(Array.from({ length: 44 }, (_, step) => step + 1));
  expect(
    trained.events.some((event) => event.type === "metrics" && "valid.loss" in event.values),
  ).toBe(true);
  expect(trained.result?.metrics).toMatchObject({ "samples.refinement": 48, steps: 44 });
  // The tokens that it worked through, as the trainer itself counts them.
  const log = lines(await readFile(path.join(trained.out, "trainer_log.jsonl"), "utf8"));
  const counted = Math.max(...log.map((line) => Number(line["total_tokens"] ?? 0)));
  expect(counted).toBeGreaterThan(4 * 43 * 20);
  expect(tokensTold(trained.events)).toBe(counted);
  expect(trained.result!.metrics["train.loss"]).toBeLessThan(8);
  expect(existsSync(path.join(trained.out, "checkpoint-4"))).toBe(false);
  // A kill between the last step and the artifact: the next run has no step left, and says the same.
  const again = await runStage({ ...setupOf(TRAINED), work: trained.work });
  expect(again.error ?? again.thrown).toBeUndefined();
  const from = again.events.flatMap((event) => (event.type === "note" ? [event.message] : []));
  expect(from).toEqual(["continues from the checkpoint at step 44"]);
  expect(tokensTold(again.events)).toBe(0);
  expect(again.result).toEqual(trained.result);
  expect(await saidIn(again.out)).toEqual(await saidIn(trained.out));
}, 120_000);

/** What an adapter's folder says of its training, without the times that it took. */
async function saidIn(folder: string): Promise<JsonObject> {
  const read = (name: string) => readFile(path.join(folder, name), "utf8");
  const results = JSON.parse(await read("all_results.json")) as JsonObject;
  const isTime = ([name]: [string, unknown]) => /_runtime$|_per_second$|_time$/u.test(name);
  const timeless = (values: JsonObject) =>
    Object.fromEntries(Object.entries(values).filter((entry) => !isTime(entry)));
  return {
    config: await read("train.yaml"),
    results: timeless(results),
    log: lines(await read("trainer_log.jsonl")).map(timeless),
  };
}

test("the adapter answers the real samples' own prompts", { timeout: 300_000 }, async () => {
  const real = JSON.parse(await readFile(SAMPLES, "utf8")) as { prompt: string }[];
  const prompts = real.slice(0, 4).map(({ prompt }) => prompt);
  const answers = new Map<string, readonly (string | null)[]>();
  const asking: Runner = {
    name: "asking",
    version: 1,
    toolchain: () => ["llm"],
    resources: () => ({ cpus: 1, gpus: 0 }),
    load: () =>
      Promise.resolve(
        programOf(async (task: InferTask) => {
          const asking = { guides: null, least: 1 };
          const { said } = await answerAll(task, prompts, loadAnswerer, asking);
          const texts = said.map(({ text }) => text);
          answers.set(task.inputs["adapter"] === undefined ? "base" : "tuned", texts);
          await task.publish({ metrics: {} });
        }),
      ),
  };
  const ask = (inputs: { readonly [name: string]: string }) =>
    runStage({
      runner: asking,
      params: {
        model: modelInput("model", model, null, { folder: "/" }).params,
        template: "qwen",
        prompts: { history: 10, item_raters: "early", seed: 1, templates: {} },
        answer: {
          ...{ engine: "llamafactory", max_new_tokens: 16, cutoff_len: 1024, llamafactory: {} },
          // The likeliest token of random weights is one letter again and again.
          ...{ temperature: 1, top_p: 1, seed: 1 },
        },
      },
      execution: { batch_size: 2, chunk_size: 100 },
      inputs,
      files: filesOf(modelInput("model", model, null, { folder: "/" }).files),
      toolchain: { environments: { llm: environment } },
    });
  for (const inputs of [{}, { adapter: trained.out }]) {
    const { error, thrown } = await ask(inputs);
    expect(error ?? thrown).toBeUndefined();
  }
  expect(answers.get("base")).toHaveLength(4);
  expect(answers.get("tuned")!.every((text) => typeof text === "string")).toBe(true);
  expect(answers.get("tuned")).not.toEqual(answers.get("base"));
});

test("stopped in the middle, it goes on from the last whole checkpoint, nothing told twice", async () => {
  const setup = setupOf(TRAINED);
  const first = await runStage({
    ...setup,
    onEvent: (event, drain) => {
      if (event.type === "metrics" && event.step >= 9) drain();
    },
  });
  expect(first.thrown).toBeInstanceOf(Drained);
  const output = path.join(first.work, "out");
  const checkpoint = await lastCheckpoint(output);
  // Not one step is lost.
  const reached = first.events.flatMap((each) => (each.type === "metrics" ? [each.step] : []));
  expect(checkpoint!.step).toBe(Math.max(...reached));
  expect(checkpoint!.step).toBeLessThan(44);
  // A later checkpoint that a kill left half-written must not be taken.
  const torn = path.join(output, `checkpoint-${checkpoint!.step + 4}`);
  await cp(checkpoint!.folder, torn, { recursive: true });
  const weights = await readFile(path.join(torn, "adapter_model.safetensors"));
  await writeFile(path.join(torn, "adapter_model.safetensors"), weights.subarray(0, 1000));
  await rm(path.join(torn, "trainer_state.json"));

  const second = await runStage({ ...setup, work: first.work });
  expect(second.error ?? second.thrown).toBeUndefined();
  expect(
    second.events.some(
      (event) => event.type === "note" && event.message.includes(`step ${checkpoint!.step}`),
    ),
  ).toBe(true);
  const told = [...first.events, ...second.events].flatMap((event) =>
    event.type === "metrics" && "train.loss" in event.values ? [event.step] : [],
  );
  expect(told).toEqual(Array.from({ length: 44 }, (_, step) => step + 1));
  const log = lines(await readFile(path.join(second.out, "trainer_log.jsonl"), "utf8"));
  const steps = log
    .filter((line) => line["loss"] !== undefined)
    .map((line) => line["current_steps"]);
  expect(steps).toEqual(told);
  // A run without a stop says the same.
  expect(second.result).toEqual(trained.result);
  expect(await saidIn(second.out)).toEqual(await saidIn(trained.out));
}, 400_000);

test("a failure of LLaMA-Factory shows its own last words", async () => {
  const failed = await runStage(setupOf({ llamafactory: { bogus_key: 1 } }));
  expect(failed.error).toMatchObject({ kind: "spec" });
  expect(failed.error!.message).toContain("bogus_key");
  expect(failed.error!.detail).toContain("Traceback");
});

test("options of LLaMA-Factory stand above ours, the role's above both", async () => {
  const setup = setupOf({ llamafactory: { lora_rank: 2, max_steps: 1 }, actor: { lora_rank: 3 } });
  expect(setup.params["options"]).toMatchObject({ lora_rank: 3, max_steps: 1, lora_alpha: 8 });
  expect(modelInput("model", model, null, { folder: "/" }).params).toEqual({ folder: true });
});
