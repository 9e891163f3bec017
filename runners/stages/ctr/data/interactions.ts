import type { Dataset } from "../../../base/artifacts/dataset.js";
import type { FittedFields } from "../../../base/fields/fit.js";
import { anchorOf, type SampleRows } from "../../../base/artifacts/negatives.js";

/** Raw knowledge vectors by user and by item, row 0 being padding: float32, row-major. */
export interface KnowledgeTables {
  readonly users: Float32Array;
  readonly userDim: number;
  readonly items: Float32Array;
  readonly itemDim: number;
}

/** What the columns are made of: the parts of a data set that a sample's features come from. */
export type Interactions = Pick<
  Dataset,
  | "interactionUser"
  | "interactionItem"
  | "interactionRating"
  | "itemAttributes"
  | "likeAbove"
  | "attributeFields"
> &
  Pick<SampleRows, "anchor"> & {
    /** [N]: place of each row within its user's sequence, from 0. */
    readonly position: Int32Array;
    /** Fitted, by user, item and row; null where the data set has none. */
    readonly fieldTables?: FittedFields["tables"] | null;
    /** [N]: row of the table of users' fields; left out: the user's number. */
    readonly fieldUser?: Int32Array;
  };

/** Labels of all interactions: 1 where the rating is above what counts as liking. */
export function labelsOf(data: Pick<Dataset, "interactionRating" | "likeAbove">): Float32Array {
  return Float32Array.from(data.interactionRating, (rating) => (rating > data.likeAbove ? 1 : 0));
}

/** Place of each row within its user's sequence, from 0; a negative has that of its interaction. */
export function positionsOf(
  data: Pick<SampleRows, "offsets" | "interactionUser" | "anchor">,
): Int32Array {
  return data.interactionUser.map((user, row) => anchorOf(data, row) - data.offsets[user]!);
}
