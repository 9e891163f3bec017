import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonObject } from "../../../src/base/json.js";
import type { StageTask, StopSignal } from "../../../src/contract/runner.js";
import { Drained } from "../../../src/contract/runner.js";
import { packageFile } from "../../../src/base/package.js";
import { ProgramFailure } from "../python/failure.js";
import type { ProcessTree } from "../python/run.js";
import { startProgram } from "../python/run.js";

/** The small server that comes with r4ec, as a command. */
export const OWN_SERVER: readonly string[] = [
  ...["python", "{serve}", "--model", "{model}", "--port", "{port}"],
];

/** A server that a stage starts for itself. */
export interface ServerOptions {
  /** Program and arguments; `{port}`, `{config}`, `{serve}` and the names of `values` are filled in. */
  readonly command: readonly string[];
  readonly values: { readonly [name: string]: string };
  /** Written as a LLaMA-Factory configuration, which `{config}` names. */
  readonly config: JsonObject;
  /** Working folder, made anew. */
  readonly folder: string;
  readonly startTimeoutSeconds: number;
  /** The setting that holds the command, for messages. */
  readonly setting: string;
}

/** A server of the stage's own, up and listening on loopback. */
export interface Served {
  /** `http://127.0.0.1:port/v1` */
  readonly baseUrl: string;
  /** The first model that it lists. */
  readonly model: string;
  /** Aborted, with the server's last words, when it has ended. */
  readonly gone: AbortSignal;
  /** Rejects with its last words when the server ends; never resolves. */
  readonly died: Promise<never>;
  /** Ends it with all it started. */
  close(): Promise<void>;
}

/**
 * Starts a server and waits until it lists its models. Rejects with {@link ProgramFailure} where it
 * ends or is not up in time, with {@link Drained} after a stop.
 */
export async function startServed(task: StageTask, options: ServerOptions): Promise<Served> {
  const port = await freePort();
  const tree = await start(task, options, port);
  const stop = () => void tree.stop();
  task.stop.abort.addEventListener("abort", stop, { once: true });
  const close = async () => {
    task.stop.abort.removeEventListener("abort", stop);
    await tree.stop();
  };
  try {
    const baseUrl = `http://127.0.0.1:${port}/v1`;
    const model = await untilUp(task, tree, baseUrl, options);
    const gone = new AbortController();
    const died = tree.ended.then((end) => {
      const failure = new ProgramFailure(nameOf(options), end);
      gone.abort(failure);
      throw failure;
    });
    // Its end is an error only while it is asked.
    died.catch(() => {});
    return { baseUrl, model, gone: gone.signal, died, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The same stop signal, aborted by another signal as well. */
export const endingWith = (stop: StopSignal, gone: AbortSignal): StopSignal => ({
  get draining() {
    return stop.draining;
  },
  onDrain: (listener) => stop.onDrain(listener),
  abort: AbortSignal.any([stop.abort, gone]),
});

const nameOf = ({ setting }: ServerOptions): string => `the server (${setting})`;

async function start(
  task: StageTask,
  { command, values, config, folder }: ServerOptions,
  port: number,
): Promise<ProcessTree> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "server.yaml"), JSON.stringify(config, null, 2));
  const filled: { readonly [name: string]: string } = {
    ...values,
    port: String(port),
    config: "server.yaml",
    serve: packageFile("runners/base/chat/serve.py"),
  };
  const [program, ...rest] = command.map((argument) =>
    argument.replace(/\{(\w+)\}/gu, (all, name: string) => filled[name] ?? all),
  );
  return startProgram(task, {
    program: program!,
    arguments: rest,
    folder,
    variables: {
      // LLaMA-Factory's server takes these; by default it would listen on every address.
      API_HOST: "127.0.0.1",
      API_PORT: String(port),
      API_MODEL_NAME: "r4ec",
    },
    log: "server",
  });
}

/** Empties the folder that a server is to work in. */
export async function emptyFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}

/** Waits until the server lists its models, and names the first. */
async function untilUp(
  task: StageTask,
  tree: ProcessTree,
  address: string,
  options: ServerOptions,
): Promise<string> {
  const seconds = options.startTimeoutSeconds;
  const deadline = Date.now() + seconds * 1000;
  let ended = false;
  void tree.ended.then(() => (ended = true));
  while (Date.now() < deadline) {
    if (task.stop.draining || task.stop.abort.aborted) throw new Drained();
    if (ended) throw new ProgramFailure(nameOf(options), await tree.ended);
    const model = await listedModel(address);
    if (model !== null) return model;
    await sleep(250);
  }
  throw new ProgramFailure(nameOf(options), {
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
