import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import type { StageTask, StopSignal } from "../../../src/contract/runner.js";
import { packageFile } from "../../../src/base/package.js";
import type { PythonTask } from "../python/environment.js";
import { ProgramFailure, type BatchSetting } from "../python/failure.js";
import type { ProcessTree } from "../python/run.js";
import { startProgram } from "../python/run.js";
import { untilUp } from "./until-up.js";

const CONFIG = "server.yaml";

/** The small server that comes with r4ec, as a command. */
export const OWN_SERVER: readonly string[] = [
  ...["python", "{serve}", "--model", "{model}", "--port", "{port}"],
];

/** As much of a stage as its server needs. */
export type ServedTask = PythonTask & Pick<StageTask, "emit">;

/** A server that a stage starts for itself. */
export interface ServerOptions {
  /** Program and arguments; `{port}`, `{config}`, `{serve}` and the names of `values` are filled in. */
  readonly command: readonly string[];
  readonly values: { readonly [name: string]: string };
  /** A LLaMA-Factory configuration, which `{config}` names, once the server's working folder is there. */
  readonly config?: (folder: string) => Promise<JsonObject>;
  /** Environment variables beside those of every Python program. */
  readonly variables?: { readonly [name: string]: string };
  readonly startTimeoutSeconds: number;
  /** The setting that holds the command, for messages. */
  readonly setting: string;
  /** What messages call it; missing: `the server (SETTING)`. */
  readonly name?: string;
  /** What to lower where memory is full. */
  readonly batch?: BatchSetting;
}

/** A server of the stage's own, up and listening on loopback. */
export interface Served {
  /** `http://127.0.0.1:port/v1` */
  readonly baseUrl: string;
  /** The first model that it lists. */
  readonly model: string;
  /** The program, and where it was found. */
  readonly facts: { readonly [name: string]: string };
  /** Aborted, with the server's last output, when the server has ended. */
  readonly gone: AbortSignal;
  /** Rejects with the server's last output when the server ends; never resolves. */
  readonly died: Promise<never>;
  /** Ends the server and all processes that it started. */
  close(): Promise<void>;
}

/**
 * Starts a server and waits until it lists its models. Rejects with {@link ProgramFailure} where it
 * ends or is not up in time, with `Drained` after a stop.
 *
 * @param folder its working folder, which is there
 */
export async function startServed(
  task: ServedTask,
  options: ServerOptions,
  folder: string,
): Promise<Served> {
  const port = await freePort();
  const tree = await start(task, options, port, folder);
  const { program, from } = tree.program!;
  const facts = { "server.program": program, "server.found": from };
  task.emit({ type: "facts", values: facts });
  const stop = () => void tree.stop();
  task.stop.abort.addEventListener("abort", stop, { once: true });
  const close = async () => {
    task.stop.abort.removeEventListener("abort", stop);
    await tree.stop();
  };
  try {
    const baseUrl = `http://127.0.0.1:${port}/v1`;
    const { name = `the server (${options.setting})`, batch } = options;
    const model = await untilUp(task.stop, tree, { ...options, name, baseUrl });
    const gone = new AbortController();
    const died = tree.ended.then((end) => {
      const failure = new ProgramFailure(name, end, batch);
      gone.abort(failure);
      throw failure;
    });
    // The end of the server is an error only while a request is in progress.
    died.catch(() => {});
    return { baseUrl, model, facts, gone: gone.signal, died, close };
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

async function start(
  task: ServedTask,
  { command, values, config, variables }: ServerOptions,
  port: number,
  folder: string,
): Promise<ProcessTree> {
  if (config !== undefined) {
    await writeFile(path.join(folder, CONFIG), JSON.stringify(await config(folder), null, 2));
  }
  const filled: { readonly [name: string]: string } = {
    ...values,
    port: String(port),
    config: CONFIG,
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
      ...variables,
    },
    log: "server",
  });
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
