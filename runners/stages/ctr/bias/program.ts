import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StageTask } from "../../../../src/contract/runner.js";
import { writeNpy } from "../../../base/files/write-npy.js";
import { programOf } from "../../../base/stage/program.js";
import { labelsOf } from "../data/interactions.js";
import { oneClass } from "../data/fault.js";
import { loadCtrData } from "../data/load.js";
import { quality } from "../metrics.js";
import { qualityMetrics } from "../train/cell.js";
import { ratedScores, type Liked } from "./rates.js";

/** Counts likes and scores the validation and the test samples. */
export const program = programOf(score);

async function score(task: StageTask): Promise<void> {
  const data = await loadCtrData(task.inputs, { pick: "valid", history_length: 1 });
  const fault = oneClass(data);
  if (fault !== null) return task.fail({ kind: "spec", message: fault });
  const { interactionUser, interactionItem } = data.dataset;
  const of = (rows: Int32Array): Liked => ({
    users: rows.map((row) => interactionUser[row]!),
    items: rows.map((row) => interactionItem[row]!),
  });
  const labels = labelsOf(data.dataset);
  const trained = Float32Array.from(data.train, (row) => labels[row]!);
  const scoresOf = (rows: Int32Array): Float32Array =>
    ratedScores(of(data.train), trained, of(rows));
  const { valid, test } = data;
  const scores = scoresOf(test.rows);
  const metrics = {
    ...(valid === null || valid.rows.length === 0
      ? {}
      : qualityMetrics("valid", quality(scoresOf(valid.rows), valid.labels, valid.users))),
    ...qualityMetrics("test", quality(scores, test.labels, test.users)),
  };
  await writeFile(join(task.out, "metrics.json"), `${JSON.stringify(metrics, null, 2)}\n`);
  await writeNpy(join(task.out, "predictions.npy"), scores, [scores.length]);
  await task.publish({ metrics });
}
