import { existsSync, writeFileSync } from "node:fs";
import { copyFile, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import type { StageTask } from "../../../src/contract/runner.js";
import { Drained } from "../../../src/contract/runner.js";
import { packageFile } from "../../../src/base/package.js";
import { modelLocation } from "../../base/models/model-input.js";
import { torchrun } from "../../base/python/environment.js";
import { ProgramFailure } from "../../base/python/failure.js";
import { endKeptServers } from "../../base/chat/kept.js";
import { runProgram } from "../../base/python/run.js";
import { isWholeSafetensors, lastCheckpoint } from "./checkpoints.js";
import { trainingConfig } from "./config.js";
import { gatherSamples } from "./data.js";
import type { FinetuneExecution, FinetuneParams } from "./settings.js";
import type { TrainerLine } from "./trainer-log.js";
import { NO_USAGE } from "../../../src/contract/usage.js";
import { meanLoss, mergeAttempts, metricsOf, TrainerLogReader } from "./trainer-log.js";
import { openFolder } from "../../../src/base/folder.js";

/** Files of the trainer's output that make up an adapter. */
const ADAPTER_FILES = /^(?:adapter_.*|tokenizer.*|chat_template\..*|special_tokens_map\.json)$/u;
/** What the trainer says of the whole training. */
const RESULTS = "all_results.json";
const LOOK_EVERY_MS = 500;
/** Files of train.py in the work folder: its first step has begun; it is asked to stop. */
const STARTED = "training";
const STOP = "stop";

/** finetune: trains a LoRA adapter with LLaMA-Factory; goes on from the last whole checkpoint. */
export async function finetune(task: StageTask): Promise<void> {
  const params = task.params as FinetuneParams;
  const execution = task.execution as FinetuneExecution;
  const sources = Object.entries(params.samples).map(([input, classes]) => ({
    folder: task.inputs[input]!,
    classes,
  }));
  const counts = await gatherSamples(task.work, sources);
  const samples = Object.values(counts).reduce((a, b) => a + b, 0);
  if (samples === 0) {
    await task.fail({
      kind: "spec",
      message:
        `there is no sample to train the ${params.role} on: ` +
        `${Object.entries(counts)
          .map(([name, count]) => `${count} ${name}`)
          .join(", ")}; ` +
        "ask the teacher about more users and items; statistics.json of the teach stage shows what became of its answers",
    });
    return;
  }
  await rm(path.join(task.work, "datasets"), { recursive: true, force: true });
  for (const name of [STARTED, STOP]) await rm(path.join(task.work, name), { force: true });
  const attempts = await keptAttempts(task.work);
  const output = path.join(task.work, "out");
  const checkpoint = await lastCheckpoint(output);
  const configFrom = (from: string | null): string => {
    const config = trainingConfig(params, execution, {
      model: modelLocation("model", params.model, task),
      revision: (params.model["revision"] as string | undefined) ?? null,
      gpus: task.resources.gpus.length,
      samples,
      tightened: task.resources.tightened ?? 0,
      checkpoint: from,
    });
    return `${JSON.stringify(config, null, 2)}\n`;
  };
  const from = checkpoint === null ? null : path.relative(task.work, checkpoint.folder);
  await writeFile(path.join(task.work, "train.yaml"), configFrom(from));
  if (checkpoint !== null) {
    const message = `continues from the checkpoint at step ${checkpoint.step}`;
    task.emit({ type: "note", severity: "info", message });
  }
  const told = attempts.flat();
  const seen = {
    steps: Math.max(0, ...told.map((line) => line.current_steps)),
    tokens: Math.max(0, ...told.map((line) => line.total_tokens ?? 0)),
  };
  const following = followLog(path.join(output, "trainer_log.jsonl"), seen, task);
  await endKeptServers();
  const end = await runProgram(task, {
    ...trainProgram(task.resources.gpus.length),
    folder: task.work,
    askToStop: () => {
      if (!existsSync(path.join(task.work, STARTED))) return false;
      writeFileSync(path.join(task.work, STOP), "");
      return true;
    },
    variables: variablesOf(task),
  });
  const lines = await following.finish();
  if (end.stopped) throw new Drained();
  // What counts is that the adapter is there.
  const adapter = path.join(output, "adapter_model.safetensors");
  if (end.exitCode !== 0 || !(await isWholeSafetensors(adapter))) {
    const batch = {
      path: "knowledge.finetune.micro_batch_size",
      value: execution.micro_batch_size,
    };
    throw new ProgramFailure("LLaMA-Factory's training", end, batch, "left no adapter");
  }
  for (const name of await readdir(output)) {
    if (ADAPTER_FILES.test(name))
      await copyFile(path.join(output, name), path.join(task.out, name));
  }
  const all = mergeAttempts([...attempts, lines]);
  await writeFile(
    path.join(task.out, "trainer_log.jsonl"),
    all.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
  await writeResults(output, task.out, all);
  // The training as a whole, which begins at no checkpoint.
  await writeFile(path.join(task.out, "train.yaml"), configFrom(null));
  await task.publish({ metrics: { ...sampleCounts(counts), ...lastLosses(all) } });
}

/** train.py, in a process for each of several cards. */
function trainProgram(cards: number): {
  readonly program: string;
  readonly arguments: readonly string[];
} {
  const own = [packageFile("runners/stages/finetune/train.py"), "train.yaml", STARTED, STOP];
  return cards > 1 ? torchrun(cards, own) : { program: "python", arguments: own };
}

/** Variables of the training process, beside those of every Python program. */
const variablesOf = (task: StageTask): { readonly [name: string]: string } => ({
  // Else every attempt would leave its tokens in the user's cache for good.
  HF_DATASETS_CACHE: path.join(task.work, "datasets"),
  ...(task.resources.gpus.length > 1 ? LAUNCHER_VARIABLES : {}),
});

/** What LLaMA-Factory's launcher sets where it starts torchrun. */
const LAUNCHER_VARIABLES = {
  PYTORCH_CUDA_ALLOC_CONF: "expandable_segments:True",
  TORCH_NCCL_AVOID_RECORD_STREAMS: "1",
};

/**
 * Moves the log of an earlier attempt aside (LLaMA-Factory deletes it when it goes on from a
 * checkpoint) and gives the lines of all earlier attempts.
 */
async function keptAttempts(work: string): Promise<TrainerLine[][]> {
  const folder = path.join(work, "attempts");
  await openFolder(folder);
  const number = (await readdir(folder)).length + 1;
  const name = `${String(number).padStart(4, "0")}.jsonl`;
  await rename(path.join(work, "out", "trainer_log.jsonl"), path.join(folder, name)).catch(
    () => {},
  );
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map((each) => new TrainerLogReader(path.join(folder, each)).next()));
}

/** Reports the log's lines as they come; steps and tokens that an earlier attempt reported are not told twice. */
function followLog(
  file: string,
  seen: { readonly steps: number; readonly tokens: number },
  task: StageTask,
) {
  let tokens = seen.tokens;
  const reader = new TrainerLogReader(file);
  const lines: TrainerLine[] = [];
  const look = async () => {
    for (const line of await reader.next()) {
      lines.push(line);
      task.emit({
        type: "progress",
        done: line.current_steps,
        total: line.total_steps,
        unit: "steps",
      });
      const more = (line.total_tokens ?? 0) - tokens;
      if (more > 0) {
        tokens += more;
        task.emit({ type: "usage", ...NO_USAGE, promptTokens: more });
      }
      const values = metricsOf(line);
      if (line.current_steps > seen.steps && Object.keys(values).length > 0) {
        task.emit({ type: "metrics", step: line.current_steps, values });
      }
    }
  };
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_EVERY_MS);
  return {
    async finish(): Promise<TrainerLine[]> {
      clearInterval(timer);
      await looking;
      await look();
      return lines;
    },
  };
}

/**
 * Writes what the trainer says of the whole training. Its mean loss is that of the last attempt alone, and 0 for one
 * that began after the last step: the mean over all attempts takes its place.
 */
async function writeResults(
  output: string,
  out: string,
  lines: readonly TrainerLine[],
): Promise<void> {
  const text = await readFile(path.join(output, RESULTS), "utf8");
  const mean = meanLoss(lines);
  const results = Object.entries(JSON.parse(text) as JsonObject)
    .filter(([name]) => name !== "train_loss")
    .concat(mean === null ? [] : [["train_loss", mean]]);
  const sorted = Object.fromEntries(results.sort(([a], [b]) => (a < b ? -1 : 1)));
  await writeFile(path.join(out, RESULTS), `${JSON.stringify(sorted, null, 4)}\n`);
}

const sampleCounts = (counts: { readonly [name: string]: number }): { [name: string]: number } =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [`samples.${name}`, count]));

function lastLosses(lines: readonly TrainerLine[]): { [name: string]: number } {
  const last = (name: "loss" | "eval_loss") => lines.findLast((line) => line[name] !== undefined);
  const train = last("loss")?.loss;
  const valid = last("eval_loss")?.eval_loss;
  return {
    steps: Math.max(0, ...lines.map((line) => line.current_steps)),
    ...(train === undefined ? {} : { "train.loss": train }),
    ...(valid === undefined ? {} : { "valid.loss": valid }),
  };
}
