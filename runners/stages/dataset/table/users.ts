import type { ReadTask } from "../source.js";
import { eachDescribed } from "./described.js";
import { fieldText, type FieldColumn } from "./fields.js";
import type { Row, TableInput, WantedColumn } from "./row.js";

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
  const users = new Map<string, readonly string[]>();
  await eachDescribed(task, input, "user", user, fieldsWanted(fields), wanted, (id, row) => {
    const texts = fieldTexts(fields, row, 1);
    if (typeof texts === "string") return texts;
    users.set(id, texts);
    return undefined;
  });
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
    const value = fieldText(field, raw);
    if ("wrong" in value) return value.wrong;
    texts.push(value.text);
  }
  return texts;
}
