import type { ReadTask } from "../source.js";
import type { BadLines } from "./bad-lines.js";
import type { TableFile } from "./settings.js";

/** A column that is read. */
export interface WantedColumn {
  readonly name: string;
  /** id: text or a whole number; text: also other numbers; list: also a list. */
  readonly kind: "id" | "text" | "list";
}

/** Stands between the values of a list (unit separator). */
export const LIST_GAP = "\u001f";

/** The wanted fields of one row: field n is `bytes[starts[n], ends[n])` in UTF-8, empty where there is none. */
export interface Row {
  bytes: Buffer;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The place of the row: `file:line`. */
  where: () => string;
}

/** Takes a row; returns what is wrong with it, or undefined. */
export type RowReader = (row: Row) => string | undefined;

/** Gives the wanted columns of each row to `read`, and counts the rows that can't be used. */
export type GiveRows = (
  wanted: readonly WantedColumn[],
  bad: BadLines,
  read: RowReader,
) => Promise<void>;

/** A table to be read. */
export interface TableInput {
  /** What it holds, for messages: `interactions`. */
  readonly what: string;
  readonly table: TableFile;
  /** Absolute paths, in the order in which they are read. */
  readonly paths: readonly string[];
  /** Absolute paths of the tables of `sql`, by name. */
  readonly from: { readonly [table: string]: readonly string[] };
  /** What gives the rows in the place of files: a module of the user's. */
  readonly rows?: GiveRows;
}

/** What reading needs of the stage. */
export type RowTask = Pick<ReadTask, "work" | "stop" | "progress" | "note">;
