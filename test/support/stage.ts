import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../src/base/json.js";
import type {
  Runner,
  RunnerEvent,
  StageError,
  StageResult,
  ToolchainPaths,
} from "../../src/contract/runner.js";
import { FakeTask } from "./fake-task.js";

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
  const { runner, onEvent, execution = {}, ...given } = setup;
  const task = new FakeTask({ ...given, execution, label: runner.name, out, work });
  if (onEvent !== undefined) {
    task.emit = (event) => {
      task.events.push(event);
      onEvent(event, () => task.drain());
    };
  }
  let thrown: unknown;
  try {
    await (await runner.load()).run([task]);
  } catch (caught) {
    thrown = caught;
  }
  const { published: result, failed: error, events } = task;
  return { out, work, result, error, events, thrown };
}
