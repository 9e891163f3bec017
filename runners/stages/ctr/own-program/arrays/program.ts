import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { StageTask } from "../../../../../src/contract/runner.js";
import { programOf } from "../../../../base/stage/program.js";
import { faultOf } from "../../data/fault.js";
import { loadCtrData } from "../../data/load.js";
import type { ArraysParams } from "./stage.js";
import { writeArrays } from "./write.js";

/** Writes the arrays of a data set. */
export const program = programOf<ArraysParams, Record<string, never>>(write);

async function write(task: StageTask<ArraysParams, Record<string, never>>): Promise<void> {
  const { history_length } = task.params;
  const data = await loadCtrData(task.inputs, { pick: "valid", history_length });
  const fault = faultOf(data);
  if (fault !== null) return task.fail({ kind: "spec", message: fault });
  const info = await writeArrays(task.out, data, history_length);
  for (const file of ["items.jsonl", "users.jsonl"]) {
    await copyFile(join(task.inputs["dataset"]!, file), join(task.out, file));
  }
  const { train, valid, test } = info.samples;
  await task.publish({
    metrics: { "train.samples": train, "valid.samples": valid, "test.samples": test },
  });
}
