import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fingerprint } from "../../../../src/base/fingerprint.js";
import type { JsonObject } from "../../../../src/base/json.js";
import type {
  RunnerEvent,
  StageError,
  StageResult,
  StageTask,
} from "../../../../src/contract/runner.js";
import { datasetRunner } from "../../../../runners/stages/dataset/runner.js";
import { datasetStage } from "../../../../runners/stages/dataset/stage.js";
import type { DatasetParams } from "../../../../runners/stages/dataset/settings.js";

/** How a stage ended, what it said on the way, and where its output lies. */
export interface StageOutcome {
  readonly out: string;
  readonly result: StageResult | undefined;
  readonly error: StageError | undefined;
  readonly events: readonly RunnerEvent[];
  readonly notes: readonly string[];
}

const folders: string[] = [];

/** A folder that {@link removeFolders} takes away. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "r4ec-dataset-"));
  folders.push(folder);
  return folder;
}

/** For afterAll. */
export const removeFolders = async (): Promise<void> => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
};

/** Prepares the data set of some settings through its runner, as a worker would. */
export async function prepare(dataset: JsonObject | string, folder = "/"): Promise<StageOutcome> {
  const request = datasetStage({ dataset }, { folder });
  const out = await newFolder();
  const events: RunnerEvent[] = [];
  let result: StageResult | undefined;
  let error: StageError | undefined;
  const files = Object.entries(request.files).map(([name, file]) => [name, file.path] as const);
  const task: StageTask<DatasetParams> = {
    fingerprint: "0".repeat(64) as Fingerprint,
    label: request.label,
    params: request.params,
    execution: request.execution,
    inputs: {},
    files: Object.fromEntries(files),
    out,
    work: await newFolder(),
    resources: { gpus: [], threads: 1 },
    toolchain: { environments: {} },
    stop: { draining: false, onDrain: () => undefined, abort: new AbortController().signal },
    emit: (event) => events.push(event),
    publish: (published) => {
      result = published;
      return Promise.resolve();
    },
    fail: (failed) => {
      error = failed;
      return Promise.resolve();
    },
  };
  await (await datasetRunner.load()).run([task]);
  const notes = events.flatMap((event) => (event.type === "note" ? [event.message] : []));
  return { out, result, error, events, notes };
}
