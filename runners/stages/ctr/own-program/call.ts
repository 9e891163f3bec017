import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { JsonObject } from "../../../../src/base/json.js";
import type { StageTask } from "../../../../src/contract/runner.js";
import { activated, machineVariables } from "../../../base/python/environment.js";
import type { ProcessEnd } from "../../../base/python/failure.js";
import { runProgram } from "../../../base/python/run.js";
import type { ArraysInfo } from "./arrays/info.js";
import { findProgram } from "../../../../src/base/find-program.js";
import type { Folders } from "./folders.js";
import type { OwnProgramExecution, OwnProgramParams } from "./stage.js";
import { readLine, type Told } from "./told.js";

type Task = StageTask<OwnProgramParams, OwnProgramExecution>;

/** Version of params.json and of what a program has to do. */
const FORMAT = "r4ec-program-1";
/** Name of the log in the work folder, without its ending. */
const LOG = "program";
/** Notes about lines that are wrong: a program may print one in each step. */
const MOST_NOTES = 3;

/** What a program has told about its training. */
export interface AllTold {
  /** By epoch, in order. */
  readonly curves: readonly Told[];
  readonly bestEpoch?: number;
  readonly parameters?: number;
}

/** What of params.json decides the result: all but folders, card and threads. */
export const decidingParams = (
  { params, execution }: Pick<Task, "params" | "execution">,
  sizes: ArraysInfo,
): JsonObject => ({
  format: FORMAT,
  name: execution.name,
  seed: params.seed,
  options: params.options,
  ctr: params.ctr,
  sizes: sizes as unknown as JsonObject,
});

/** Writes params.json, calls the program with it, and hears what it tells. */
export async function callProgram(
  task: Task,
  folders: Folders,
): Promise<{ readonly end: ProcessEnd & { readonly stopped: boolean }; readonly told: AllTold }> {
  const arrays = task.inputs["arrays"]!;
  const sizes = JSON.parse(await readFile(path.join(arrays, "arrays.json"), "utf8")) as ArraysInfo;
  const settings = path.join(task.work, "params.json");
  const { gpus, threads } = task.resources;
  const params = {
    ...decidingParams(task, sizes),
    data: arrays,
    output: folders.output,
    work: folders.work,
    device: gpus.length > 0 ? "cuda" : "cpu",
    threads: Math.max(1, threads),
  };
  await writeFile(settings, `${JSON.stringify(params, null, 2)}\n`);
  const words = task.params.command.map((word) =>
    typeof word === "string" ? word : path.join(folders.code, task.execution.layout[word.file]!),
  );
  const program = task.execution.program ?? words[0]!;
  const { environment } = task.execution;
  task.emit({
    type: "facts",
    values: { program, ...(environment === null ? {} : { environment }) },
  });
  const hearing = hear(task);
  const end = await runProgram(task, {
    host: {
      // The environment's own, since a shim of another one would put that one before it in PATH.
      python:
        environment === null
          ? (findProgram("python3") ?? findProgram("python"))
          : path.join(environment, "bin/python"),
      variables: {
        ...(environment === null ? {} : activated(environment)),
        ...machineVariables(task),
        // Sets and dictionaries of texts have the same order in each run.
        PYTHONHASHSEED: process.env["PYTHONHASHSEED"] ?? "0",
      },
    },
    program,
    arguments: [...words.slice(1), settings],
    folder: folders.current,
    log: LOG,
    onLine: hearing.line,
  });
  return { end, told: hearing.told() };
}

function hear(task: Task): { readonly line: (line: string) => void; told(): AllTold } {
  const curves = new Map<number, Told>();
  const total = Number(task.params.ctr["epochs"]);
  let result: Pick<AllTold, "bestEpoch" | "parameters"> = {};
  let notes = 0;
  return {
    line: (text) => {
      const line = readLine(text);
      if (line.kind === "epoch") {
        const { epoch, values } = line.told;
        curves.set(epoch, line.told);
        task.emit({ type: "metrics", step: epoch, values });
        task.emit({ type: "progress", done: epoch, total: Math.max(total, epoch), unit: "epochs" });
      } else if (line.kind === "progress") {
        const { done, unit } = line;
        task.emit({ type: "progress", done, total: line.total, unit });
      } else if (line.kind === "result") {
        const { best_epoch: bestEpoch, parameters } = line;
        result = {
          ...result,
          ...(bestEpoch === undefined ? {} : { bestEpoch }),
          ...(parameters === undefined ? {} : { parameters }),
        };
      } else if (line.kind === "wrong" && notes++ < MOST_NOTES) {
        const message = `${task.execution.name} printed a line that is left out, ${text.trim().slice(0, 200)}: ${line.what}`;
        task.emit({ type: "note", severity: "warning", message });
      }
    },
    told: () => ({
      curves: [...curves.values()].sort((a, b) => a.epoch - b.epoch),
      ...result,
    }),
  };
}

/** The log of a stage's program, all attempts of it. */
export const logOf = (task: Pick<Task, "work">): string => path.join(task.work, `${LOG}.log`);
