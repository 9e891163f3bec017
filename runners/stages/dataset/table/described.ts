import { ExitCode, UserError } from "../../../../src/base/exit.js";
import type { ReadTask } from "../source.js";
import { BadLines } from "./bad-lines.js";
import type { Row, TableInput, WantedColumn } from "./row.js";
import { eachRow } from "./rows.js";

/**
 * Reads the rows of a file that describes users or items. Two rows with one id are an error, named by
 * their places; so is a file that describes none of those that are wanted.
 *
 * @param one what a row describes
 * @param id the column of its id; it is the first column that is read
 * @param more the other columns that are read
 * @param take is called with each row whose id is wanted; a text says why the row can't be used
 */
export async function eachDescribed(
  task: ReadTask,
  input: TableInput,
  one: "user" | "item",
  id: string,
  more: readonly WantedColumn[],
  wanted: ReadonlySet<string>,
  take: (id: string, row: Row) => string | undefined,
): Promise<void> {
  const bad = new BadLines();
  const places = new Map<string, string>();
  await eachRow(task, input, [{ name: id, kind: "id" }, ...more], bad, (row) => {
    const own = row.bytes.toString("utf8", row.starts[0], row.ends[0]);
    if (own === "") return `no ${id}`;
    if (!wanted.has(own)) return undefined;
    const before = places.get(own);
    if (before !== undefined) {
      throw new UserError(`${row.where()}: ${one} ${own} stands in ${before} already`);
    }
    const wrong = take(own, row);
    if (wrong === undefined) places.set(own, row.where());
    return wrong;
  });
  const told = bad.told(input.what);
  if (told !== undefined) task.note("warning", told);
  if (places.size === 0 && wanted.size > 0) {
    const [example] = wanted;
    throw new UserError(
      `${input.what} describe none of the ${wanted.size} ${one}s that are left, such as ${JSON.stringify(example)}`,
      {
        exitCode: ExitCode.usage,
        hint: `see whether ${id} holds the same ids as the interactions: 007 and 7 are two ids`,
      },
    );
  }
}
