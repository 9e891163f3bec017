import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { JsonObject } from "../../../../../src/base/json.js";
import type { RunnerEvent, StageRequest } from "../../../../../src/contract/runner.js";
import { science } from "../../../../../runners/registry.js";
import { arraysRunner } from "../../../../../runners/stages/ctr/own-program/arrays/runner.js";
import { ownProgramRunner } from "../../../../../runners/stages/ctr/own-program/runner.js";
import { writeRatings } from "../../../../support/ratings.js";
import { runStage, type StageOutcome } from "../../../../support/stage.js";
import { newFolder, prepare } from "../../dataset/stage.js";
import { readSpec } from "../../../../../src/spec/load.js";

/** A data set of 12 users with 30 ratings each, whose likes follow no user and no item alone. */
export async function smallDataset(): Promise<string> {
  const files = await newFolder();
  const likes = (user: number, position: number): boolean => (user * 7 + position * 5) % 3 === 0;
  await writeRatings(files, { users: 12, items: 30, likes });
  const { out, error } = await prepare({ id: "ml-100k", path: files });
  if (error !== undefined) throw new Error(error.message);
  return out;
}

/** The stage of the one cell of a spec. */
export function stageOf(settings: JsonObject, folder: string): StageRequest {
  const document = { name: "t", dataset: "ml-100k", knowledge: "none", ...settings };
  const text = JSON.stringify(document);
  const spec = readSpec({ file: "spec.yaml", folder, text }, science);
  if (!spec.ok) throw new Error(spec.error.map(({ message }) => message).join("\n"));
  const [cell] = spec.value.cells;
  return science.plan(cell!.settings, { folder });
}

/** What a test may do with a running program. */
export interface Calls {
  readonly work?: string;
  readonly fingerprint?: string;
  readonly onEvent?: (event: RunnerEvent, drain: () => void) => void;
}

/** Runs a cell whose backbone is a Python program of this source, beside a data set. */
export async function runSource(
  source: string,
  dataset: string,
  settings: JsonObject = {},
  { work, fingerprint, onEvent }: Calls = {},
): Promise<StageOutcome> {
  const folder = await newFolder();
  await writeFile(path.join(folder, "my.py"), source);
  const backbone = { name: "my", command: ["python3", "my.py"], files: ["my.py"], options: {} };
  const { options, ...rest } = settings;
  const given = { ...backbone, ...(options === undefined ? {} : { options }) };
  const stage = stageOf({ ...rest, backbone: given }, folder);
  return runRequest(stage, dataset, { work, fingerprint, onEvent } as Calls);
}

/** Runs the stage of a program, after the stage of its arrays. */
export async function runRequest(
  stage: StageRequest,
  dataset: string,
  calls: Calls = {},
): Promise<StageOutcome> {
  const { params } = stage.inputs["arrays"]!;
  const arrays = await runStage({ runner: arraysRunner as never, params, inputs: { dataset } });
  if (arrays.error !== undefined) throw new Error(arrays.error.message);
  const given = Object.entries(calls).filter(([, value]) => value !== undefined);
  return runStage({
    runner: ownProgramRunner as never,
    params: stage.params,
    execution: stage.execution,
    inputs: { dataset, arrays: arrays.out },
    files: Object.fromEntries(Object.entries(stage.files).map(([name, file]) => [name, file.path])),
    ...(Object.fromEntries(given) as Calls),
  });
}
