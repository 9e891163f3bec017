import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { JsonObject } from "../../src/json.js";
import type { StageTask } from "../../src/runner.js";
import { Drained } from "../../src/runner.js";
import { modelLocation } from "../knowledge/models.js";
import { ProgramFailure, pythonVariables } from "../knowledge/python.js";
import type { AnswerLog } from "../llm/answer-log.js";
import type { Question } from "../llm/ask.js";
import { runTree } from "../process-tree.js";
import { adapterFolder } from "./adapter.js";
import type { Answerer } from "./answerer.js";
import type { InferExecution, InferParams } from "./settings.js";

/** An answerer that runs LLaMA-Factory's batch prediction, a chunk of prompts a call. */
export function loadLlamaFactory(task: StageTask): Answerer {
  const { chunk_size } = task.execution as unknown as InferExecution;
  return {
    async answer(questions, log, progress) {
      // Longest first: what doesn't fit into memory shows at once, and batches hold little padding.
      const sorted = [...questions].sort((a, b) => b.prompt.length - a.prompt.length);
      for (let start = 0; start < sorted.length; start += chunk_size) {
        if (task.stop.draining || task.stop.abort.aborted) throw new Drained();
        const chunk = sorted.slice(start, start + chunk_size);
        await predict(task, chunk, log, (answered) => progress(start + answered));
        progress(start + chunk.length);
      }
    },
    close: () => Promise.resolve(),
  };
}

/** Answers one chunk. All its files are made anew: a chunk cut short by a kill is asked again. */
async function predict(
  task: StageTask,
  chunk: readonly Question[],
  log: AnswerLog,
  progress: (answered: number) => void,
): Promise<void> {
  const environment = task.toolchain.llmEnvironment;
  if (environment === null) throw new Error("the LLM environment is not there: run r4ec setup");
  const folder = path.join(task.work, "predict");
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, "data"), { recursive: true });
  await writeFile(
    path.join(folder, "data", "prompts.json"),
    // A sample without an output would be dropped; what stands there is not read.
    JSON.stringify(chunk.map(({ prompt }) => ({ instruction: prompt, input: "", output: "-" }))),
  );
  const columns = { prompt: "instruction", query: "input", response: "output" };
  await writeFile(
    path.join(folder, "data", "dataset_info.json"),
    JSON.stringify({ prompts: { file_name: "prompts.json", columns } }),
  );
  const config = {
    ...(await modelOptions(task, folder)),
    ...predictOptions(task),
  };
  // Written as JSON: every JSON text is YAML, and version 0.9.5 cannot read files named .json.
  await writeFile(path.join(folder, "predict.yaml"), JSON.stringify(config, null, 2));
  const following = followPredict(path.join(folder, "out", "trainer_log.jsonl"), (share) =>
    progress(Math.floor(share * chunk.length)),
  );
  const end = await runTree(
    {
      environment,
      program: "llamafactory-cli",
      arguments: ["train", "predict.yaml"],
      folder,
      variables: predictVariables(task),
      mark: task.fingerprint,
      stdout: path.join(task.work, "stdout.log"),
      stderr: path.join(task.work, "stderr.log"),
    },
    task.stop,
  ).finally(following.stop);
  if (end.stopped) throw new Drained();
  const file = path.join(folder, "out", "generated_predictions.jsonl");
  // An unknown subcommand ends with status 0 as well: what counts is that the answers are there.
  if (end.exitCode !== 0 || !existsSync(file)) {
    throw new ProgramFailure("llamafactory-cli train (prediction)", end);
  }
  const answers = readPredictions(file);
  if (answers.length !== chunk.length) {
    throw new Error(`LLaMA-Factory answered ${answers.length} of ${chunk.length} prompts`);
  }
  // Its order is that of the data set.
  chunk.forEach(({ key }, place) =>
    log.add({ key, text: answers[place]!, promptTokens: 0, completionTokens: 0 }),
  );
  await rm(folder, { recursive: true, force: true });
}

/**
 * What both prediction and server are told of the model. Under torchrun a path with a space fails,
 * so folders are reached by links in the working folder.
 */
export async function modelOptions(task: StageTask, folder: string): Promise<JsonObject> {
  const params = task.params as unknown as InferParams;
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

function predictOptions(task: StageTask): JsonObject {
  const params = task.params as unknown as InferParams;
  const execution = task.execution as unknown as InferExecution;
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
    output_dir: "out",
    overwrite_output_dir: true,
    report_to: "none",
    per_device_eval_batch_size: execution.batch_size,
    seed: params.answer.seed ?? params.prompts.seed,
    bf16: gpus > 0,
    ...(gpus === 0 ? { use_cpu: true } : {}),
    ...generationOptions(params),
    ...params.answer.llamafactory,
  };
}

/** Several cards are torchrun's business, which must be told how many. */
const predictVariables = (task: StageTask): { readonly [name: string]: string } => {
  const cards = task.resources.gpus.length;
  return {
    ...pythonVariables(task),
    ...(cards > 1 ? { FORCE_TORCHRUN: "1", NPROC_PER_NODE: String(cards) } : {}),
  };
};

function readPredictions(file: string): readonly string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { predict: string }).predict.trim());
}

/** LLaMA-Factory says how far it is every five batches. */
function followPredict(file: string, onShare: (share: number) => void): { stop: () => void } {
  const timer = setInterval(() => {
    if (!existsSync(file)) return;
    const line = readFileSync(file, "utf8").split("\n").slice(0, -1).at(-1);
    const share = /"percentage": ([\d.]+)/u.exec(line ?? "")?.[1];
    if (share !== undefined) onShare(Math.min(1, Number(share) / 100));
  }, 1000);
  return { stop: () => clearInterval(timer) };
}
