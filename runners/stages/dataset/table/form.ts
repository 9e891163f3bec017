import path from "node:path";
import type { DelimitedForm } from "./delimited.js";
import type { TableFile } from "./settings.js";

/** How a file of a table is read. */
export type FileForm =
  | { readonly kind: "delimited"; readonly form: DelimitedForm; readonly recbole: boolean }
  | { readonly kind: "jsonl" }
  | { readonly kind: "parquet" };

const ENDINGS: { readonly [ending: string]: NonNullable<TableFile["format"]> } = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".tab": "tsv",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".json": "jsonl",
  ".parquet": "parquet",
  ".inter": "recbole",
  ".item": "recbole",
  ".user": "recbole",
};

/**
 * How a file is read, by its settings and the ending of its name (after .gz or .zst); null where
 * neither says it.
 */
export function formOf(table: TableFile, file: string): FileForm | null {
  const ending = path.extname(file.replace(/\.(gz|zst)$/i, "")).toLowerCase();
  const format = table.format ?? (table.delimiter === undefined ? ENDINGS[ending] : "csv");
  if (format === undefined) return null;
  if (format === "jsonl" || format === "parquet") return { kind: format };
  const delimiter = table.delimiter ?? (format === "csv" ? "," : "\t");
  const plain = format === "recbole" || delimiter.length > 1;
  const quote = table.quote === undefined ? (plain ? null : '"') : table.quote;
  const encoding = table.encoding ?? "utf-8";
  return { kind: "delimited", form: { delimiter, quote, encoding }, recbole: format === "recbole" };
}

/** A column of a header. RecBole's headers say what a column holds: `age:float`. */
export interface HeaderColumn {
  readonly name: string;
  /** RecBole's kind: token, token_seq, float, float_seq; null in other files. */
  readonly kind: string | null;
}

/** The columns that the fields of a header name. */
export const columnsOf = (fields: readonly string[], recbole: boolean): HeaderColumn[] =>
  fields.map((field) => {
    const text = field.trim();
    const found = recbole ? /^(.*):(token|token_seq|float|float_seq)$/.exec(text) : null;
    return found === null ? { name: text, kind: null } : { name: found[1]!, kind: found[2]! };
  });
