import { ExitCode, UserError } from "../../../../src/base/exit.js";
import type { ItemText, ReadTask } from "../source.js";
import { BadLines } from "./bad-lines.js";
import type { FieldColumn } from "./fields.js";
import { LIST_GAP, type Row, type TableInput, type WantedColumn } from "./row.js";
import { eachRow } from "./rows.js";
import { fieldsWanted, fieldTexts } from "./users.js";

/** A column that becomes an attribute of items. */
export interface AttributeColumn {
  readonly column: string;
  /** What stands between its values; null: it is one value. A list needs none. */
  readonly separator: string | null;
}

/** Which columns of items are read. */
export interface ItemColumns {
  readonly item: string;
  /** Null: titles are unknown. */
  readonly title: string | null;
  readonly attributes: readonly AttributeColumn[];
  /** Left out where there are none. */
  readonly fields?: readonly FieldColumn[];
}

/** A column of this name with several values stands in texts as a whole. */
const GENRES = /^genres?$/i;

/**
 * Reads the titles and attributes of wanted items. An attribute is the first value of its column.
 * Two rows with one id are an error, named by their places.
 */
export async function readItemTexts(
  task: ReadTask,
  input: TableInput,
  columns: ItemColumns,
  wanted: ReadonlySet<string>,
): Promise<Map<string, ItemText>> {
  const { item, title, attributes, fields = [] } = columns;
  const bad = new BadLines();
  const items = new Map<string, ItemText>();
  const places = new Map<string, string>();
  const first = title === null ? 1 : 2;
  const read: WantedColumn[] = [
    { name: item, kind: "id" },
    ...(title === null ? [] : [{ name: title, kind: "text" } as const]),
    ...attributes.map(({ column }) => ({ name: column, kind: "list" }) as const),
    ...fieldsWanted(fields),
  ];
  await eachRow(task, input, read, bad, (row) => {
    const id = fieldOf(row, 0);
    if (id === "") return `no ${item}`;
    if (!wanted.has(id)) return undefined;
    const before = places.get(id);
    if (before !== undefined) {
      throw new UserError(`${row.where()}: item ${id} stands in ${before} already`);
    }
    const texts = fieldTexts(fields, row, first + attributes.length);
    if (typeof texts === "string") return texts;
    places.set(id, row.where());
    const values = attributes.map(({ separator }, n) =>
      valuesOf(fieldOf(row, first + n), separator),
    );
    const genres = attributes.findIndex(
      ({ column, separator }, n) =>
        GENRES.test(column) && (separator !== null || values[n]!.length > 1),
    );
    items.set(id, {
      title: title === null ? null : textOrNull(fieldOf(row, 1)),
      attributes: values.map(([value]) => value ?? null),
      ...(genres < 0 ? {} : { genres: values[genres]! }),
      ...(fields.length === 0 ? {} : { fields: texts }),
    });
    return undefined;
  });
  const told = bad.told(input.what);
  if (told !== undefined) task.note("warning", told);
  if (items.size === 0 && wanted.size > 0) {
    const [example] = wanted;
    throw new UserError(
      `${input.what} describe none of the ${wanted.size} items that are left, such as ${JSON.stringify(example)}`,
      {
        exitCode: ExitCode.usage,
        hint: `see whether ${item} holds the same ids as the interactions: 007 and 7 are two ids`,
      },
    );
  }
  return items;
}

const fieldOf = ({ bytes, starts, ends }: Row, field: number): string =>
  bytes.toString("utf8", starts[field], ends[field]);

const textOrNull = (text: string): string | null => {
  // Line ends would break the prompts, which give a line to each thing.
  const one = text.replace(/\s+/gu, " ").trim();
  return one === "" ? null : one;
};

function valuesOf(text: string, separator: string | null): string[] {
  const parts = text.includes(LIST_GAP)
    ? text.split(LIST_GAP)
    : separator === null
      ? [text]
      : text.split(separator);
  return parts.map(textOrNull).filter((part): part is string => part !== null);
}
