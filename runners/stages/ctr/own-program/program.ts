import type { StageTask } from "../../../../src/contract/runner.js";
import { Drained } from "../../../../src/contract/runner.js";
import { UserError } from "../../../../src/base/exit.js";
import { ProgramFailure } from "../../../base/python/failure.js";
import { programOf } from "../../../base/stage/program.js";
import { loadCtrData } from "../data/load.js";
import { callProgram } from "./call.js";
import { openFolders } from "./folders.js";
import { publishScores } from "./publish.js";
import { readScores } from "./scores.js";
import type { OwnProgramExecution, OwnProgramParams } from "./stage.js";

type Task = StageTask<OwnProgramParams, OwnProgramExecution>;

/** Runs a program of the user's own, reads what it wrote, and computes the metrics from that. */
export const program = programOf<OwnProgramParams, OwnProgramExecution>(run);

async function run(task: Task): Promise<void> {
  const history_length = Number(task.params.ctr["history_length"]);
  const folders = await openFolders(task);
  const { end, told } = await callProgram(task, folders);
  if (end.exitCode !== 0) {
    if (end.stopped) throw new Drained();
    throw new ProgramFailure(task.execution.name, end);
  }
  const { dataset, split } = task.inputs;
  const inputs = { dataset: dataset!, ...(split === undefined ? {} : { split }) };
  const data = await loadCtrData(inputs, { pick: "valid", history_length });
  try {
    const scores = {
      valid: await readScores(folders.output, "valid", data.valid!.rows.length),
      test: await readScores(folders.output, "test", data.test.rows.length),
    };
    await publishScores(task, folders, data, scores, told);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { log, stderrTail: detail } = end;
    const message = `${task.execution.name}: ${error.message}`;
    await task.fail({ kind: "spec", message, detail, ...(log === undefined ? {} : { log }) });
  }
}
