import { MARK_BYTES, startsWithMark } from "../../../base/files/byte-order-mark.js";
import { ZSTD_START } from "../zstd.js";
import { headOf } from "../head.js";
import { firstRecord } from "./delimited.js";
import { columnsOf, type FileForm, formOf, type HeaderColumn } from "./form.js";
import { filesOf } from "./inputs.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import type { TableFile } from "./settings.js";

/**
 * The columns that the first line of a delimited text names; null where it can't be read from the
 * first bytes of the file (zstd, a line of more than 256 kB, no file).
 */
export function readHeader(
  path: string,
  { form, recbole }: Extract<FileForm, { kind: "delimited" }>,
): HeaderColumn[] | null {
  try {
    let head = headOf(path);
    if (head.readUInt32LE(0) === ZSTD_START) return null;
    if (startsWithMark(head)) head = head.subarray(MARK_BYTES);
    const fields = firstRecord(
      form.encoding === "latin-1" ? Buffer.from(head.toString("latin1"), "utf8") : head,
      form,
    );
    return fields === null ? null : columnsOf(fields, recbole);
  } catch {
    return null;
  }
}

/** A table's columns by its first line; null where they do not show there. */
export function tableColumns(table: TableFile, place: SpecPlace): readonly HeaderColumn[] | null {
  const form = table.file === undefined ? null : formOf(table, table.file);
  if (form?.kind !== "delimited") return null;
  if (table.header !== undefined) return columnsOf(table.header, form.recbole);
  return readHeader(filesOf(table, place)[0] ?? "", form);
}

/** Their names. */
export const tableHeader = (table: TableFile, place: SpecPlace): readonly string[] | null =>
  tableColumns(table, place)?.map(({ name }) => name) ?? null;
