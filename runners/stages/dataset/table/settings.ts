import type { JsonObject } from "../../../../src/base/json.js";
import type { TimeUnit } from "./times.js";

/** Where the rows of a table come from and how they are written. */
export interface TableFile extends JsonObject {
  /** A file, or a pattern with * and ?; relative to the spec. */
  readonly file?: string;
  /** A query over the tables of `from`, in the place of a file. */
  readonly sql?: string;
  /** The tables of `sql`, by the name that it calls them. */
  readonly from?: { readonly [table: string]: string | TableFile };
  readonly format?: Format;
  readonly delimiter?: string;
  readonly quote?: string | null;
  readonly encoding?: "utf-8" | "latin-1";
  /** Names of the columns of files without a header. */
  readonly header?: readonly string[];
}

export type Format = "csv" | "tsv" | "jsonl" | "parquet" | "recbole";

/** `dataset.interactions`. */
export interface InteractionSettings extends TableFile {
  readonly user?: string;
  readonly item?: string;
  readonly rating?: string;
  readonly time?: string;
  readonly time_unit?: TimeUnit;
  readonly time_format?: string;
  /** Fields of the context. */
  readonly fields?: readonly FieldSetting[];
}

/** One of `dataset.items.attributes`: a column, with what stands between its values. */
export type AttributeSetting = string | { readonly column: string; readonly separator: string };

/** One of `fields`: a column of categories, or a column and how it becomes a field. */
export type FieldSetting =
  | string
  | {
      readonly column: string;
      readonly name?: string;
      readonly separator?: string;
      readonly most?: number;
      readonly buckets?: number;
      readonly standardise?: boolean;
    };

/** `dataset.users`. */
export interface UserSettings extends TableFile {
  readonly user?: string;
  readonly fields?: readonly FieldSetting[];
}

/** `dataset.items`. */
export interface ItemSettings extends TableFile {
  readonly item?: string;
  readonly title?: string;
  readonly attributes?: readonly AttributeSetting[];
  readonly fields?: readonly FieldSetting[];
}

/** The blocks of `dataset` that only a table has. */
export interface TableSettings extends JsonObject {
  readonly name?: string;
  readonly interactions?: InteractionSettings;
  readonly items?: ItemSettings;
  readonly users?: UserSettings;
}

/** A file's own settings in the long form: `ratings.csv` becomes `{file: ratings.csv}`. */
export const longForm = (table: string | TableFile): TableFile =>
  typeof table === "string" ? { file: table } : table;
