import type { JsonObject } from "../../../../src/base/json.js";
import type { StageRequest } from "../../../../src/contract/runner.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import path from "node:path";
import { resolvePath } from "../../../base/files/spec-path.js";
import { ctrTable } from "../schema.js";
import { paramsIn } from "../table.js";
import { type ArraysParams, arraysStage } from "./arrays/stage.js";
import {
  commandOf,
  type CommandWord,
  environmentOf,
  machineProgram,
  type OwnProgram,
} from "./settings.js";

/** What decides the result of a program, beside its files and its arrays. */
export type OwnProgramParams = {
  /**
   * What it is called by, without the folder of a program of the machine: which of the machine's
   * Pythons runs a file decides no more than which TensorFlow trains a backbone.
   */
  readonly command: readonly CommandWord[];
  readonly options: JsonObject;
  readonly seed: number;
  /** The settings of the block `ctr` that a program is told, complete. */
  readonly ctr: JsonObject;
};

/** How a program runs. */
export type OwnProgramExecution = {
  readonly name: string;
  /** Absolute path of the program; null: it is the file that the command names. */
  readonly program: string | null;
  /** Absolute folder of the Python environment in which it runs; null: none. */
  readonly environment: string | null;
  /**
   * Where the program's files stand from each other: for each the path from the deepest folder that
   * holds them all and the spec, and from there the spec's folder.
   */
  readonly layout: readonly string[];
  readonly folder: string;
};

/** Parameters of `ctr` that mean nothing to a program: it has no adaptor, and no test labels to pick by. */
const UNTOLD: ReadonlySet<string> = new Set(["adaptor", "pick"]);

/** The stage of a cell whose backbone is a program; `embed` is null without knowledge, `split` by time. */
export function ownProgramStage(
  program: OwnProgram,
  { ctr, seed }: { readonly ctr: JsonObject; readonly seed: number },
  place: SpecPlace,
  dataset: StageRequest,
  embed: StageRequest | null,
  split: StageRequest | null,
): StageRequest<OwnProgramParams, OwnProgramExecution> {
  const settings = paramsIn(ctrTable, ctr);
  const told = Object.entries(settings).filter(([name]) => !UNTOLD.has(name));
  const { lead, words } = commandOf(program, place);
  const environment = environmentOf(program, place);
  const files = program.files.map((file) => resolvePath(file, place));
  const around = commonFolder([place.folder, ...files.map((file) => path.dirname(file))]);
  const data: ArraysParams = { history_length: settings.history_length };
  return {
    runner: "program",
    label: `ctr ${program.name}`,
    params: {
      command: [typeof lead === "string" ? kindOf(lead) : lead, ...words],
      options: program.options,
      seed,
      ctr: { user_id: false, ...Object.fromEntries(told) },
    },
    inputs: {
      dataset,
      ...(split === null ? {} : { split }),
      arrays: arraysStage(data, dataset, embed, split),
    },
    files: Object.fromEntries(files.map((file, at) => [String(at), { path: file }])),
    execution: {
      name: program.name,
      program: typeof lead === "string" ? (machineProgram(lead, place, environment) ?? lead) : null,
      environment,
      layout: files.map((file) => path.relative(around, file)),
      folder: path.relative(around, place.folder),
    },
  };
}

/** `python` of `/opt/lab/bin/python3.11`: what kind of program it is. */
const kindOf = (program: string): string =>
  path.basename(program).replace(/^(python)[\d.]+$/u, "$1");

function commonFolder(folders: readonly string[]): string {
  return folders.reduce((common, folder) => {
    const [a, b] = [common.split(path.sep), folder.split(path.sep)];
    const differs = a.findIndex((part, at) => part !== b[at]);
    return differs < 0 ? common : a.slice(0, differs).join(path.sep) || path.sep;
  });
}
