import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fingerprint } from "../../src/base/fingerprint.js";
import type { JsonObject } from "../../src/base/json.js";
import type {
  Runner,
  RunnerEvent,
  StageError,
  StageResult,
  StageTask,
  ToolchainPaths,
} from "../../src/contract/runner.js";

/** What a stage is run on in a test; what is left out is empty. */
export interface StageSetup {
  readonly runner: Runner;
  readonly params: JsonObject;
  readonly execution?: JsonObject;
  readonly inputs?: { readonly [name: string]: string };
  readonly files?: { readonly [name: string]: string };
  /** Folder that outlives attempts; a new one where it is left out. */
  readonly work?: string;
  readonly toolchain?: ToolchainPaths;
  readonly gpus?: readonly number[];
  readonly fingerprint?: string;
  /** Called with each event; `drain` asks the stage to stop. */
  readonly onEvent?: (event: RunnerEvent, drain: () => void) => void;
}

/** How a stage ended. */
export interface StageOutcome {
  readonly out: string;
  readonly work: string;
  readonly result: StageResult | undefined;
  readonly error: StageError | undefined;
  readonly events: readonly RunnerEvent[];
  /** What `run` threw, such as Drained. */
  readonly thrown: unknown;
}

const folders: string[] = [];

/** A folder that {@link removeFolders} takes away. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "r4ec-test-"));
  folders.push(folder);
  return folder;
}

/** For afterAll. */
export async function removeFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}

/** Runs one stage through its runner, as a worker would. */
export async function runStage(setup: StageSetup): Promise<StageOutcome> {
  const out = await newFolder();
  const work = setup.work ?? (await newFolder());
  const events: RunnerEvent[] = [];
  const drainListeners: (() => void)[] = [];
  let draining = false;
  const drain = () => {
    if (draining) return;
    draining = true;
    for (const listener of drainListeners) listener();
  };
  let result: StageResult | undefined;
  let error: StageError | undefined;
  const task: StageTask = {
    fingerprint: (setup.fingerprint ?? "0".repeat(64)) as Fingerprint,
    label: setup.runner.name,
    params: setup.params,
    execution: setup.execution ?? {},
    inputs: setup.inputs ?? {},
    files: setup.files ?? {},
    out,
    work,
    resources: { gpus: setup.gpus ?? [], threads: 1 },
    toolchain: setup.toolchain ?? { environments: {} },
    stop: {
      get draining() {
        return draining;
      },
      onDrain: (listener) => {
        if (draining) listener();
        else drainListeners.push(listener);
      },
      abort: new AbortController().signal,
    },
    emit: (event) => {
      events.push(event);
      setup.onEvent?.(event, drain);
    },
    publish: (published) => {
      result = published;
      return Promise.resolve();
    },
    fail: (failed) => {
      error = failed;
      return Promise.resolve();
    },
  };
  let thrown: unknown;
  try {
    await (await setup.runner.load()).run([task]);
  } catch (caught) {
    thrown = caught;
  }
  return { out, work, result, error, events, thrown };
}
