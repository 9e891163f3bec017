import { createServer } from "node:net";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StageTask } from "../../src/runner.js";
import { Drained } from "../../src/runner.js";
import { modelLocation } from "../knowledge/models.js";
import { ProgramFailure, pythonVariables } from "../knowledge/python.js";
import type { ProcessTree } from "../process-tree.js";
import { startTree } from "../process-tree.js";
import { adapterFolder } from "./adapter.js";
import type { Answerer } from "./answerer.js";
import { chatAnswerer } from "./chat.js";
import { generationOptions, modelOptions } from "./llamafactory.js";
import type { InferExecution, InferParams } from "./settings.js";

const SERVER = "the server (knowledge.infer.command)";

/** An answerer that starts a server of its own, asks it, and ends it with all it started. */
export async function loadServer(task: StageTask): Promise<Answerer> {
  const execution = task.execution as unknown as InferExecution;
  const port = await freePort();
  const tree = await startServer(task, execution, port);
  const stop = () => void tree.stop();
  task.stop.abort.addEventListener("abort", stop, { once: true });
  const close = async () => {
    task.stop.abort.removeEventListener("abort", stop);
    await tree.stop();
  };
  try {
    const address = `http://127.0.0.1:${port}/v1`;
    const listed = await untilUp(task, tree, address, execution.start_timeout_seconds);
    const gone = new AbortController();
    const chat = chatAnswerer(task, address, execution.model ?? listed, gone.signal);
    const died = tree.ended.then((end) => {
      const failure = new ProgramFailure(SERVER, end);
      gone.abort(failure);
      throw failure;
    });
    // Its end is an error only while it is asked.
    died.catch(() => {});
    return {
      answer: (questions, log, progress) =>
        Promise.race([chat.answer(questions, log, progress), died]),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startServer(
  task: StageTask,
  execution: InferExecution,
  port: number,
): Promise<ProcessTree> {
  const environment = task.toolchain.llmEnvironment;
  if (environment === null) throw new Error("the LLM environment is not there: run r4ec setup");
  const params = task.params as unknown as InferParams;
  const folder = path.join(task.work, "server");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const config = {
    ...(await modelOptions(task, folder)),
    infer_backend: "huggingface",
    ...(params.answer.cutoff_len === undefined ? {} : { cutoff_len: params.answer.cutoff_len }),
    ...generationOptions(params),
    ...params.answer.llamafactory,
  };
  await writeFile(path.join(folder, "server.yaml"), JSON.stringify(config, null, 2));
  const adapter = adapterFolder(task);
  const values: { readonly [name: string]: string } = {
    model: modelLocation("model", params.model, task.files),
    adapter: adapter ?? "",
    port: String(port),
    config: "server.yaml",
  };
  const command = [
    ...execution.command,
    ...(adapter === null ? [] : execution.adapter_arguments),
  ].map((argument) => argument.replace(/\{(\w+)\}/gu, (all, name: string) => values[name] ?? all));
  const [program, ...rest] = command;
  return startTree({
    environment,
    program: program!,
    arguments: rest,
    folder,
    variables: {
      ...pythonVariables(task),
      // LLaMA-Factory's server takes these; by default it would listen on every address.
      API_HOST: "127.0.0.1",
      API_PORT: String(port),
      API_MODEL_NAME: "r4ec",
    },
    mark: task.fingerprint,
    stdout: path.join(task.work, "server.stdout.log"),
    stderr: path.join(task.work, "server.stderr.log"),
  });
}

/** Waits until the server lists its models, and names the first. */
async function untilUp(
  task: StageTask,
  tree: ProcessTree,
  address: string,
  seconds: number,
): Promise<string> {
  const deadline = Date.now() + seconds * 1000;
  let ended = false;
  void tree.ended.then(() => (ended = true));
  while (Date.now() < deadline) {
    if (task.stop.draining || task.stop.abort.aborted) throw new Drained();
    if (ended) throw new ProgramFailure(SERVER, await tree.ended);
    const model = await listedModel(address);
    if (model !== null) return model;
    await sleep(250);
  }
  throw new ProgramFailure(SERVER, {
    exitCode: null,
    signal: null,
    stderrTail: `it did not answer at ${address} within ${seconds} s (start_timeout_seconds)`,
  });
}

async function listedModel(address: string): Promise<string | null> {
  try {
    const response = await fetch(`${address}/models`, { signal: AbortSignal.timeout(5000) });
    if (!response.ok) return null;
    const list = (await response.json()) as { readonly data?: readonly { readonly id: string }[] };
    return list.data?.[0]?.id ?? "default";
  } catch {
    // Not there yet.
    return null;
  }
}

/** A port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
