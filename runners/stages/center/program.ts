import type { StageTask } from "../../../src/contract/runner.js";
import { cosineMetrics } from "../../base/artifacts/cosine.js";
import { readDataset } from "../../base/artifacts/dataset.js";
import { readVectors } from "../../base/artifacts/vectors.js";
import { writeVectors } from "../../base/artifacts/write-vectors.js";
import { programOf } from "../../base/stage/program.js";
import { centredRows } from "./centred.js";

/** Subtracts from all vectors the mean of those that models are trained on. */
export const program = programOf(center);

async function center(task: StageTask): Promise<void> {
  const data = await readDataset(task.inputs["dataset"]!, task.inputs["split"]);
  const { model, users, items } = await readVectors(task.inputs["vectors"]!);
  const held = new Set(data.valid);
  const trained = data.train.filter((row) => !held.has(row));
  const numbersIn = (column: Int32Array) => new Set(Array.from(trained, (row) => column[row]!));
  const centred = {
    model,
    users: { ...users, ...centredRows(users, "users", numbersIn(data.interactionUser)) },
    items: { ...items, ...centredRows(items, "items", numbersIn(data.interactionItem)) },
  };
  await writeVectors(task.out, centred);
  await task.publish({ metrics: cosineMetrics(centred) });
}
