import type { ReadPosition } from "../streams.js";
import type { BadLines } from "./bad-lines.js";
import { readableFiles } from "./copies.js";
import { eachDelimitedRow } from "./delimited-rows.js";
import { eachJsonRow } from "./json-rows.js";
import type { RowReader, RowTask, TableInput, WantedColumn } from "./row.js";

/**
 * Reads the wanted columns of a table, row by row in the order of its files and their lines. A column
 * that a file lacks is a UserError.
 */
export async function eachRow(
  task: RowTask,
  input: TableInput,
  wanted: readonly WantedColumn[],
  bad: BadLines,
  read: RowReader,
): Promise<void> {
  if (input.rows !== undefined) return input.rows(wanted, bad, read);
  const { files, dispose } = await readableFiles(task, input, wanted);
  const told = ({ done, total }: ReadPosition): void =>
    task.progress(done, total, `bytes of ${input.what}`);
  try {
    for (const { path, form, shown, header } of files) {
      if (form.kind === "jsonl") await eachJsonRow(path, wanted, bad, read, told);
      else await eachDelimitedRow({ path, form, shown, header }, wanted, bad, read, told);
    }
  } finally {
    await dispose();
  }
}
