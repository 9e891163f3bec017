import type { InferTask } from "./engines/engine.js";
import { rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import { Drained } from "../../../src/contract/runner.js";
import { modelLocation } from "../../base/models/model-input.js";
import { packageFile } from "../../../src/base/package.js";
import { torchrun } from "../../base/python/environment.js";
import { ProgramFailure } from "../../base/python/failure.js";
import { endKeptServers } from "../../base/chat/kept.js";
import { tellsPaid } from "../../base/chat/paid.js";
import type { AnswerLog } from "../../base/chat/answer-log.js";
import type { Question } from "../../base/chat/ask.js";
import { endLeftProcesses, runProgram } from "../../base/python/run.js";
import { adapterFolder } from "./adapter.js";
import type { Answerer } from "./answerer.js";
import { promptsAtOnce } from "./prompts-at-once.js";
import { ANSWERS, followAnswers, PROMPTS, WrittenAnswers, writePrompts } from "./predictions.js";
import type { InferParams } from "./settings.js";
import { openFolder } from "../../../src/base/folder.js";

/** An answerer that runs LLaMA-Factory's batch prediction, all prompts in one call. */
export function loadLlamaFactory(task: InferTask): Answerer {
  const folder = path.join(task.work, "predict");
  return {
    async recover(log) {
      await endLeftProcesses(task);
      new WrittenAnswers(folder, log, tellsPaid(task)).take();
    },
    async answer(questions, log, progress) {
      // Longest first: what doesn't fit into memory shows at once, and batches hold little padding.
      const sorted = [...questions].sort((a, b) => b.prompt.length - a.prompt.length);
      await rm(folder, { recursive: true, force: true });
      await openFolder(folder);
      await writePrompts(folder, sorted);
      await predict(task, folder, sorted, log, progress);
      await rm(folder, { recursive: true, force: true });
      return new Map();
    },
    close: () => Promise.resolve(),
  };
}

/** Answers the prompts that stand in a folder. */
async function predict(
  task: InferTask,
  folder: string,
  questions: readonly Question[],
  log: AnswerLog,
  progress: (answered: number) => void,
): Promise<void> {
  const config = {
    ...(await modelOptions(task, folder)),
    ...predictOptions(task),
  };
  // Written as JSON: every JSON text is YAML, and version 0.9.5 cannot read files named .json.
  await writeFile(path.join(folder, "predict.yaml"), JSON.stringify(config, null, 2));
  const following = followAnswers(new WrittenAnswers(folder, log, tellsPaid(task)), progress);
  await endKeptServers();
  const end = await runProgram(task, {
    ...predictProgram(task.resources.gpus.length),
    folder,
    // Else every prediction would leave its tokens in the user's cache for good.
    variables: { HF_DATASETS_CACHE: path.join(folder, "datasets") },
  }).finally(following.finish);
  if (end.stopped) throw new Drained();
  if (end.exitCode !== 0) {
    throw new ProgramFailure("LLaMA-Factory's prediction", end, {
      path: "knowledge.infer.batch_size",
      value: task.execution.batch_size,
    });
  }
  const answered = questions.filter(({ key }) => log.get(key) !== undefined).length;
  if (answered < questions.length) {
    throw new Error(`LLaMA-Factory answered ${answered} of ${questions.length} prompts`);
  }
}

/** predict.py, in a process for each of several cards. */
function predictProgram(cards: number): {
  readonly program: string;
  readonly arguments: readonly string[];
} {
  const own = [packageFile("runners/stages/infer/predict.py"), "predict.yaml", PROMPTS, ANSWERS];
  return cards > 1 ? torchrun(cards, own) : { program: "python", arguments: own };
}

/**
 * What both prediction and server are told of the model. Under torchrun a path with a space fails,
 * so folders are reached by links in the working folder.
 */
export async function modelOptions(task: InferTask, folder: string): Promise<JsonObject> {
  const params = task.params;
  let model = modelLocation("model", params.model, task);
  if (path.isAbsolute(model)) {
    await symlink(model, path.join(folder, "model"));
    model = "model";
  }
  const adapter = adapterFolder(task);
  if (adapter !== null) await symlink(path.resolve(adapter), path.join(folder, "adapter"));
  return {
    model_name_or_path: model,
    ...(params.model["revision"] === undefined ? {} : { model_revision: params.model["revision"] }),
    ...(adapter === null ? {} : { adapter_name_or_path: "adapter" }),
    finetuning_type: "lora",
    trust_remote_code: false,
    template: params.template,
  };
}

/** Options of generation, in LLaMA-Factory's names. */
export function generationOptions({ answer }: InferParams): JsonObject {
  const sampling =
    answer.temperature === 0
      ? { do_sample: false }
      : { do_sample: true, temperature: answer.temperature, top_p: answer.top_p ?? 1 };
  return { max_new_tokens: answer.max_new_tokens, ...sampling };
}

function predictOptions(task: InferTask): JsonObject {
  const params = task.params;
  const execution = task.execution;
  const gpus = task.resources.gpus.length;
  return {
    stage: "sft",
    do_predict: true,
    predict_with_generate: true,
    dataset_dir: "data",
    eval_dataset: "prompts",
    cutoff_len: params.answer.cutoff_len ?? 2048,
    overwrite_cache: true,
    preprocessing_num_workers: 1,
    dataloader_num_workers: 0,
    // Other processes wait, against this clock, while the first one tokenizes all prompts.
    ddp_timeout: 180_000_000,
    output_dir: "out",
    overwrite_output_dir: true,
    report_to: "none",
    per_device_eval_batch_size: promptsAtOnce(execution.batch_size, task.resources.tightened ?? 0),
    seed: params.answer.seed ?? params.prompts.seed,
    bf16: gpus > 0,
    ...(gpus === 0 ? { use_cpu: true } : {}),
    ...generationOptions(params),
    ...params.answer.llamafactory,
  };
}
