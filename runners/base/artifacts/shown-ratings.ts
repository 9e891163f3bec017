/**
 * What the numbered ratings of a data set stand for, where the data has others than whole numbers
 * from 1: half stars, 0 and 1.
 */
export interface ShownRatings {
  /** What rating k stands for, at k - 1, in ascending order. */
  readonly values: readonly number[];
  /** The threshold in the data's own numbers: values above it are positive. */
  readonly likeAbove: number;
}

/** The rating of a row, as the data has it. */
export function ratingOf(
  data: { readonly interactionRating: Int32Array; readonly shown?: ShownRatings },
  row: number,
): number {
  const rating = data.interactionRating[row]!;
  return data.shown === undefined ? rating : data.shown.values[rating - 1]!;
}

/** The threshold of liking, as the data has it. */
export const likeAboveOf = (data: {
  readonly likeAbove: number;
  readonly shown?: ShownRatings;
}): number => data.shown?.likeAbove ?? data.likeAbove;
