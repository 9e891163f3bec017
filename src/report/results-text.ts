import type { Json, JsonObject } from "../base/json.js";
import { csvLine } from "./csv.js";
import type { TypedTable } from "./results.js";

/** A table as CSV (RFC 4180), numbers in full, null as nothing. */
export const tableAsCsv = ({ columns, rows }: TypedTable): string =>
  [columns.map(({ name }) => name), ...rows.map((row) => cellsOf({ columns }, row))]
    .map((cells) => `${csvLine(cells)}\r\n`)
    .join("");

/** A table as a list of objects, each with every column. */
export const tableAsJson = ({ columns, rows }: TypedTable): JsonObject[] =>
  rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]!])));

/** A row in which values of `json` columns are JSON texts. */
export const cellsOf = (
  { columns }: Pick<TypedTable, "columns">,
  row: readonly Json[],
): readonly Json[] =>
  row.map((value, at) =>
    columns[at]!.type === "json" && value !== null ? JSON.stringify(value) : value,
  );
