import { ExitCode, UserError } from "../../../../src/base/exit.js";
import type { ReadTask } from "../source.js";
import { BadLines } from "./bad-lines.js";
import { valueText, type FieldColumn } from "./fields.js";
import type { Row, TableInput, WantedColumn } from "./row.js";
import { eachRow } from "./rows.js";

/** Which columns of users are read. */
export interface UserColumns {
  readonly user: string;
  readonly fields: readonly FieldColumn[];
}

/**
 * Reads the fields of wanted users: texts in the order of `fields`. Two rows with one id are an error,
 * named by their places; so is a file that describes none of them.
 */
export async function readUserFields(
  task: ReadTask,
  input: TableInput,
  { user, fields }: UserColumns,
  wanted: ReadonlySet<string>,
): Promise<Map<string, readonly string[]>> {
  const bad = new BadLines();
  const users = new Map<string, readonly string[]>();
  const places = new Map<string, string>();
  const read: WantedColumn[] = [{ name: user, kind: "id" }, ...fieldsWanted(fields)];
  await eachRow(task, input, read, bad, (row) => {
    const id = row.bytes.toString("utf8", row.starts[0], row.ends[0]);
    if (id === "") return `no ${user}`;
    if (!wanted.has(id)) return undefined;
    const before = places.get(id);
    if (before !== undefined)
      throw new UserError(`${row.where()}: user ${id} stands in ${before} already`);
    const texts = fieldTexts(fields, row, 1);
    if (typeof texts === "string") return texts;
    places.set(id, row.where());
    users.set(id, texts);
    return undefined;
  });
  const told = bad.told(input.what);
  if (told !== undefined) task.note("warning", told);
  if (users.size === 0 && wanted.size > 0) {
    const [example] = wanted;
    throw new UserError(
      `${input.what} describe none of the ${wanted.size} users that are left, such as ${JSON.stringify(example)}`,
      {
        exitCode: ExitCode.usage,
        hint: `see whether ${user} holds the same ids as the interactions: 007 and 7 are two ids`,
      },
    );
  }
  const missing = wanted.size - users.size;
  if (missing > 0)
    task.note(
      "warning",
      `${missing} of ${wanted.size} users have no line in the file of users: their fields have no value`,
    );
  return users;
}

/** The columns of fields, to be read. */
export const fieldsWanted = (fields: readonly FieldColumn[]): WantedColumn[] =>
  fields.map(({ column }) => ({ name: column, kind: "list" }));

/** The texts of fields in a row, from a place among its columns on; a text says what is wrong. */
export function fieldTexts(
  fields: readonly FieldColumn[],
  { bytes, starts, ends }: Row,
  first: number,
): readonly string[] | string {
  const texts: string[] = [];
  for (const [n, field] of fields.entries()) {
    const raw = bytes.toString("utf8", starts[first + n], ends[first + n]);
    const value = valueText(field, raw);
    if ("wrong" in value) return value.wrong;
    texts.push(value.text);
  }
  return texts;
}
