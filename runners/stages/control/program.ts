import { UserError } from "../../../src/base/exit.js";
import type { StageTask } from "../../../src/contract/runner.js";
import { cosineMetrics } from "../../base/artifacts/cosine.js";
import { filledRows } from "../../base/artifacts/rows.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import { readVectors } from "../../base/artifacts/vectors.js";
import { writeVectors } from "../../base/artifacts/write-vectors.js";
import { programOf } from "../../base/stage/program.js";
import { controlRows } from "./controls.js";
import type { ControlParams } from "./settings.js";

/** Vectors without content, with the shapes of the vectors that they replace. */
export const program = programOf(makeControl);

async function makeControl(task: StageTask<ControlParams>): Promise<void> {
  const { control, sides, seed } = task.params;
  const vectors = await readVectors(task.inputs["vectors"]!);
  const before = task.inputs["uncentred"];
  const uncentred = before === undefined ? vectors : await readVectors(before);
  const count = (side: Side): number =>
    sides.includes(side) ? filledRows(uncentred[side]).length : 0;
  const replaced = { users: count("users"), items: count("items") };
  if (replaced.users + replaced.items === 0) {
    const who = sides.length === 2 ? "users and items" : sides[0]!;
    throw new UserError(
      `knowledge.control ${control} can't be made: none of the ${who} has a vector`,
    );
  }
  const made = { ...vectors };
  for (const side of sides) {
    const original = { side, rows: vectors[side], uncentred: uncentred[side], seed: seed ?? 0 };
    made[side] = { ...vectors[side], ...controlRows(control, original) };
  }
  await writeVectors(task.out, made);
  const { users, items } = replaced;
  await task.publish({
    metrics: { "users.replaced": users, "items.replaced": items, ...cosineMetrics(made) },
  });
}
