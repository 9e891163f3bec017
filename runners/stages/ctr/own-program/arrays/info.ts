/** Version of the folder of arrays. It is raised where a program that reads the earlier form would go wrong. */
export const ARRAYS_FORMAT = "r4ec-arrays-1";

/** `arrays.json`: what the arrays are (docs/program-backbone.md). Numbers begin at 1, 0 is padding. */
export interface ArraysInfo {
  readonly format: typeof ARRAYS_FORMAT;
  /** Id of the data set. */
  readonly dataset: string;
  readonly users: number;
  readonly items: number;
  /** The largest rating. */
  readonly ratings: number;
  /** What rating k stands for in the user's data, at k - 1; null: ratings are what they are. */
  readonly rating_values: readonly number[] | null;
  /** A label is 1 where the rating is above it. */
  readonly like_above: number;
  /** Columns of item_attributes: name, and the number of its values. */
  readonly attributes: readonly { readonly name: string; readonly values: number }[];
  /** Fields of users, items and contexts; left out where there are none. */
  readonly fields?: readonly {
    readonly name: string;
    readonly of: "user" | "item" | "context";
    readonly kind: "category" | "categories" | "buckets" | "number";
    /** Its columns in the arrays of its place: the first, and how many. */
    readonly first_slot: number;
    readonly slots: number;
    /** Id by value; "" is no value. */
    readonly ids: { readonly [value: string]: number };
    readonly edges?: readonly number[];
    readonly mean?: number;
    readonly deviation?: number;
  }[];
  /** Ids of all fields together, 0 not counted. */
  readonly field_ids?: number;
  /** H. */
  readonly history_length: number;
  /** Widths of the vectors; null without knowledge. */
  readonly knowledge: { readonly user: number; readonly item: number } | null;
  readonly samples: { readonly train: number; readonly valid: number; readonly test: number };
}
