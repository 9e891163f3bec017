import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Fingerprint } from "../../../src/fingerprint.js";
import type { JsonObject } from "../../../src/json.js";
import type {
  Runner,
  RunnerEvent,
  StageError,
  StageResult,
  StageTask,
} from "../../../src/runner.js";

/** A new folder for a test. */
export const scratch = (): string => mkdtempSync(path.join(tmpdir(), "r4ec-knowledge-"));

/** What became of a stage that a test ran. */
export interface Ran {
  readonly out: string;
  readonly result: StageResult | null;
  readonly error: StageError | null;
  readonly events: readonly RunnerEvent[];
}

export interface RunOptions {
  readonly params: JsonObject;
  readonly execution?: JsonObject;
  readonly inputs?: { readonly [name: string]: string };
  readonly files?: { readonly [name: string]: string };
  /** Outlives attempts; default: a new folder. */
  readonly work?: string;
  readonly llmEnvironment?: string | null;
  /** Asks the stage to drain once it has said so. */
  readonly drainWhen?: (event: RunnerEvent) => boolean;
}

/** Runs one stage in this process as a worker does, and says what became of it. */
export async function runStage(runner: Runner, options: RunOptions): Promise<Ran> {
  const out = path.join(scratch(), "out");
  const work = options.work ?? path.join(scratch(), "work");
  mkdirSync(out, { recursive: true });
  mkdirSync(work, { recursive: true });
  const events: RunnerEvent[] = [];
  const listeners: (() => void)[] = [];
  let draining = false;
  let result: StageResult | null = null;
  let error: StageError | null = null;
  const task: StageTask = {
    fingerprint: "f".repeat(64) as Fingerprint,
    label: runner.name,
    params: options.params,
    execution: options.execution ?? {},
    inputs: options.inputs ?? {},
    files: options.files ?? {},
    out,
    work,
    resources: { gpus: [], threads: 1 },
    toolchain: { llmEnvironment: options.llmEnvironment ?? null },
    stop: {
      get draining() {
        return draining;
      },
      onDrain: (listener) => {
        if (draining) listener();
        else listeners.push(listener);
      },
      abort: new AbortController().signal,
    },
    emit: (event) => {
      events.push(event);
      if (draining || options.drainWhen?.(event) !== true) return;
      draining = true;
      for (const listener of listeners) listener();
    },
    publish: (given) => {
      result = given;
      return Promise.resolve();
    },
    fail: (given) => {
      error = given;
      return Promise.resolve();
    },
  };
  await (await runner.load()).run([task]);
  return { out, result, error, events };
}
