import type { ItemText, ReadTask } from "../source.js";
import { eachDescribed } from "./described.js";
import type { FieldColumn } from "./fields.js";
import { LIST_GAP, type Row, type TableInput, type WantedColumn } from "./row.js";
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
  const items = new Map<string, ItemText>();
  const first = title === null ? 1 : 2;
  const more: WantedColumn[] = [
    ...(title === null ? [] : [{ name: title, kind: "text" } as const]),
    ...attributes.map(({ column }) => ({ name: column, kind: "list" }) as const),
    ...fieldsWanted(fields),
  ];
  await eachDescribed(task, input, "item", item, more, wanted, (id, row) => {
    const texts = fieldTexts(fields, row, first + attributes.length);
    if (typeof texts === "string") return texts;
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
