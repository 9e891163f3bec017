import { existsSync } from "node:fs";
import { mkdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lastCheckpoint } from "../../../../runners/stages/finetune/checkpoints.js";
import { finetuneRunners } from "../../../../runners/stages/finetune/runner.js";
import type { JsonObject } from "../../../../src/base/json.js";
import { Drained } from "../../../../src/contract/runner.js";
import { runningIn } from "../../../support/knowledge/processes.js";
import {
  newFolder,
  removeFolders,
  runStage,
  type StageOutcome,
  type StageSetup,
} from "../../../support/stage.js";
import { tinyQwen2 } from "../../../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";

const finetune = finetuneRunners.find(({ name }) => name === "finetune")!;
const SAMPLES = 40;

let environment: string;
let model: string;
let samples: string;
beforeAll(async () => {
  const real = (await testToolchain("llm")).paths.environments["llm"]!;
  // Python then tells its stack where it is aborted.
  process.env["PYTHONFAULTHANDLER"] = "1";
  const folder = path.join(await newFolder(), "with space");
  await mkdir(folder);
  environment = path.join(folder, "llm");
  await symlink(real, environment);
  model = await tinyQwen2(real, folder);
  samples = await newFolder();
  const all = Array.from({ length: SAMPLES }, (_, place) => ({
    ...{ instruction: `Number ${place}`, input: "", output: `It is ${place}.` },
  }));
  await writeFile(path.join(samples, "thinking.json"), JSON.stringify(all));
}, INSTALL_TIMEOUT);
afterAll(removeFolders);

/** Two processes, as on two cards, but on the CPU. */
const setupOf = (
  own: JsonObject = { ddp_backend: "gloo" },
  gpus: readonly number[] = [0, 1],
): StageSetup => ({
  runner: finetune,
  params: {
    ...{ role: "actor", model: { folder: true }, template: "qwen", seed: 1, batch_size: 8 },
    samples: { taught: ["thinking"] },
    options: {
      ...{ finetuning_type: "lora", lora_rank: 4, lora_target: "all", cutoff_len: 64 },
      ...{ num_train_epochs: 8, learning_rate: 1e-3 },
      ...{ use_cpu: true, bf16: false, ...own },
    },
  },
  execution: { micro_batch_size: 2, save_steps: 4, precision: "auto", gpus: 2 },
  inputs: { taught: samples },
  files: { "model/config.json": path.join(model, "config.json") },
  toolchain: { environments: { llm: environment } },
  gpus,
  fingerprint: "ef".repeat(32),
});

/** Milliseconds after which a run hangs; it takes 10 to 30 s. */
const HANGS = 240_000;

/** Runs the stage; one that hangs is ended, and the error tells the stack of each process. */
async function runUnlessItHangs(setup: StageSetup): Promise<StageOutcome> {
  const work = setup.work ?? (await newFolder());
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    for (const pid of runningIn(work)) process.kill(Number(pid), "SIGABRT");
  }, HANGS);
  const outcome = await runStage({ ...setup, work });
  clearTimeout(timer);
  if (hung) throw new Error(`it hung: ${await readFile(path.join(work, "stderr.log"), "utf8")}`);
  return outcome;
}

test("two processes train as one, stop with all they started, and one goes on from there", async () => {
  const first = await runUnlessItHangs({
    ...setupOf(),
    onEvent: (event, drain) => {
      if (event.type === "metrics" && event.step >= 9) drain();
    },
  });
  expect(first.error).toBeUndefined();
  expect(first.thrown).toBeInstanceOf(Drained);
  expect(runningIn(first.work)).toEqual([]);
  const config = JSON.parse(
    await readFile(path.join(first.work, "train.yaml"), "utf8"),
  ) as JsonObject;
  expect(config["gradient_accumulation_steps"]).toBe(2);
  const output = path.join(first.work, "out");
  const whole = (await lastCheckpoint(output))!;
  // Both stopped after the same step, and no step is lost.
  const last = first.events.flatMap((each) => (each.type === "metrics" ? [each.step] : [])).at(-1);
  expect(last).toBeLessThan(40);
  expect(whole.step).toBe(last);
  // Had the second process been killed while it wrote, the checkpoint before would be taken.
  await truncate(path.join(whole.folder, "rng_state_1.pth"), 1000);
  // On CPUs PyTorch can't give several processes their optimizer back; one can go on for two.
  const second = await runUnlessItHangs({ ...setupOf({}, []), work: first.work });
  expect(second.error ?? second.thrown).toBeUndefined();
  const notes = second.events.flatMap((each) => (each.type === "note" ? [each.message] : []));
  expect(notes).toEqual([
    `continues from the checkpoint at step ${4 * Math.floor((whole.step - 1) / 4)}`,
  ]);
  const told = [...first.events, ...second.events].flatMap((event) =>
    event.type === "metrics" && "train.loss" in event.values ? [event.step] : [],
  );
  // 40 samples by 8, 8 times.
  expect(told).toEqual(Array.from({ length: 40 }, (_, step) => step + 1));
  expect(existsSync(path.join(second.out, "adapter_model.safetensors"))).toBe(true);
  expect(runningIn(first.work)).toEqual([]);
}, 900_000);

test("what one of two processes failed of is told, not that torchrun failed", async () => {
  const { error } = await runUnlessItHangs(setupOf({ ddp_backend: "gloo", lora_target: "nope" }));
  expect(error?.message).toMatch(
    /^LLaMA-Factory's training failed \(exit status 1\): ValueError: .*nope/,
  );
  expect(error?.detail).toContain("Traceback");
}, 300_000);
