import { copyFile, cp, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../../src/base/exit.js";
import type { StageTask } from "../../../../src/contract/runner.js";
import { writeNpy } from "../../../base/files/write-npy.js";
import type { CtrData } from "../data/load.js";
import { unknownCounts, unseenCounts } from "../data/seen.js";
import { quality } from "../metrics.js";
import { qualityMetrics } from "../train/cell.js";
import type { ArraysInfo } from "./arrays/info.js";
import { type AllTold, decidingParams, logOf } from "./call.js";
import type { Folders } from "./folders.js";
import { SCORES, type Scores } from "./scores.js";
import type { OwnProgramExecution, OwnProgramParams } from "./stage.js";

type Task = StageTask<OwnProgramParams, OwnProgramExecution>;

/** Writes the artifact of a program (docs/artifacts.md, `program`) and ends its task. */
export async function publishScores(
  task: Task,
  folders: Folders,
  data: CtrData,
  scores: Scores,
  { curves, bestEpoch, parameters }: AllTold,
): Promise<void> {
  const { valid, test } = data;
  const out = (name: string): string => path.join(task.out, name);
  for (const split of ["valid", "test"] as const) {
    const of = scores[split];
    if (of !== null) await writeNpy(out(SCORES[split]), of, [of.length]);
  }
  const last = curves.at(-1);
  const metrics = {
    ...(scores.valid === null
      ? {}
      : qualityMetrics("valid", quality(scores.valid, valid!.labels, valid!.users))),
    ...qualityMetrics("test", quality(scores.test, test.labels, test.users)),
    ...(task.params.ctr["user_id"] === true ? unseenCounts(data) : {}),
    ...unknownCounts(data),
    ...(bestEpoch === undefined ? {} : { best_epoch: bestEpoch }),
    ...(last === undefined ? {} : { epochs: last.epoch }),
    ...(parameters === undefined ? {} : { parameters }),
  };
  const rows = curves.map(({ epoch, values }) => ({ epoch, ...values }));
  const text = async (name: string, value: string): Promise<void> => writeFile(out(name), value);
  await text("curves.jsonl", rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  await text("metrics.json", `${JSON.stringify({ ...metrics, per_epoch: rows }, null, 2)}\n`);
  const info = await readFile(path.join(task.inputs["arrays"]!, "arrays.json"), "utf8");
  const params = decidingParams(task, JSON.parse(info) as ArraysInfo);
  await text("params.json", `${JSON.stringify(params, null, 2)}\n`);
  await copyFile(logOf(task), out("program.log"));
  await keepOthers(folders.output, out("output"));
  await task.publish({ metrics });
}

/** Copies what else the program wrote, links as the files that they lead to. */
async function keepOthers(from: string, to: string): Promise<void> {
  const scores: ReadonlySet<string> = new Set(Object.values(SCORES));
  const others = (await readdir(from)).filter((name) => !scores.has(name));
  try {
    for (const name of others) {
      await cp(path.join(from, name), path.join(to, name), { recursive: true, dereference: true });
    }
  } catch (error) {
    const { message } = error as Error;
    throw new UserError(`what it wrote into its output folder cannot be kept: ${message}`);
  }
}
