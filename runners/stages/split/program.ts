import { join } from "node:path";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { StageTask } from "../../../src/contract/runner.js";
import { readDataset, readUsers } from "../../base/artifacts/dataset.js";
import { withNegatives } from "../../base/artifacts/negatives.js";
import { splitByUsers, type UserSplit } from "../../base/artifacts/split.js";
import { writeNpy } from "../../base/files/write-npy.js";
import { programOf } from "../../base/stage/program.js";

/** Writes which rows of a data set are for training, validation and testing. */
export const program = programOf<UserSplit>(split);

async function split(task: StageTask<UserSplit>): Promise<void> {
  const folder = task.inputs["dataset"]!;
  const [dataset, users] = [await readDataset(folder), await readUsers(folder)];
  const columns = splitByUsers(dataset, ["", ...users.map(({ id }) => id)], task.params);
  const numbers = (rows: Int32Array): Set<number> =>
    new Set(Array.from(rows, (row) => samples.interactionUser[row]!));
  const samples = withNegatives({ ...dataset, ...columns });
  const metrics: { [name: string]: number } = {};
  for (const name of ["train", "valid", "test"] as const) {
    const rows = samples[name];
    const count = numbers(rows).size;
    if (count === 0) {
      const all = numbers(samples.train).size + numbers(samples.test).size;
      throw new UserError(
        `split by users: of ${all} users with samples none is left for ${name} with ${task.params.folds} folds`,
        {
          exitCode: ExitCode.usage,
          hint: "choose another dataset.split.folds, or dataset.split: time",
        },
      );
    }
    const positive = (row: number): boolean => samples.interactionRating[row]! > dataset.likeAbove;
    metrics[`${name}.users`] = count;
    metrics[`${name}.samples`] = rows.length;
    metrics[`${name}.positives`] = rows.filter(positive).length;
  }
  for (const [name, column] of Object.entries(columns)) {
    await writeNpy(join(task.out, `${name}.npy`), column, [column.length]);
  }
  await task.publish({ metrics });
}
