import type { StageTask } from "../../../src/contract/runner.js";
import { SIDES } from "../../base/artifacts/knowledge.js";
import { cosineMetrics } from "../../base/artifacts/cosine.js";
import { filledRows } from "../../base/artifacts/rows.js";
import type { Rows } from "../../base/artifacts/rows.js";
import { readVectorsArtifact, writeVectorsArtifact } from "../../base/artifacts/vectors.js";
import { programOf } from "../../base/stage/program.js";
import { UserError } from "../../../src/base/exit.js";
import { controlRows } from "./controls.js";
import type { ControlParams } from "./stage.js";

/** Vectors whose content has been taken away, in the form of the vectors that they replace. */
export const controlProgram = programOf(makeControl);

async function makeControl(task: StageTask<ControlParams>): Promise<void> {
  const { control, sides, seed } = task.params;
  const vectors = await readVectorsArtifact(task.inputs["vectors"]!);
  const before = task.inputs["uncentred"];
  const uncentred = before === undefined ? vectors : await readVectorsArtifact(before);
  const replaced = sides.filter((side) => filledRows(uncentred[side]).length > 0);
  if (replaced.length === 0) {
    const who = sides.length === 2 ? "users and items" : sides[0]!;
    throw new UserError(
      `knowledge.control ${control} can't be made: none of the ${who} has a vector`,
    );
  }
  const made: { users: Rows; items: Rows } = { users: vectors.users, items: vectors.items };
  for (const side of replaced) {
    made[side] = controlRows(control, {
      side,
      rows: vectors[side],
      uncentred: uncentred[side],
      seed: seed ?? 0,
    });
  }
  const about = { ...vectors.about, control, control_sides: sides };
  await writeVectorsArtifact(task.out, { ...made, about });
  const counts = SIDES.map((side) => {
    const count = replaced.includes(side) ? filledRows(made[side]).length : 0;
    return [`${side}.replaced`, count] as const;
  });
  await task.publish({ metrics: { ...Object.fromEntries(counts), ...cosineMetrics(made) } });
}
