import { readDataset, type Dataset } from "./dataset.js";

/** A data set whose samples are rows: those of interactions, and behind them the drawn negatives. */
export interface SampleRows extends Dataset {
  /**
   * [rows]: the interaction whose place a row has in its user's sequence: its own row, for a negative
   * that of the interaction for which it was drawn. Left out where there are no negatives.
   */
  readonly anchor?: Int32Array;
}

/** The rating of a drawn negative: no rating that there is, and never above what is positive. */
export const NEGATIVE_RATING = 0;

/**
 * The samples of a data set as rows. Where negatives were drawn (`dataset.label.implicit`), negative m
 * is row N + m of longer columns, and stands in a split right behind the interaction that it was drawn
 * for. Sequences (`offsets`, `interactions`) are those of the interactions alone: no negative is in a
 * history.
 */
export function withNegatives(dataset: Dataset): SampleRows {
  const { negatives } = dataset;
  if (negatives === undefined) return dataset;
  const { of, item } = negatives;
  const { interactions } = dataset;
  const rows = interactions + of.length;
  const longer = (column: Int32Array, valueOf: (negative: number) => number): Int32Array => {
    const all = new Int32Array(rows);
    all.set(column);
    for (let m = 0; m < of.length; m++) all[interactions + m] = valueOf(m);
    return all;
  };
  const itself = Int32Array.from({ length: interactions }, (_, row) => row);
  const time = new Float64Array(rows);
  time.set(dataset.interactionTime);
  for (let m = 0; m < of.length; m++) time[interactions + m] = time[of[m]!]!;
  const first = firstNegatives(of, interactions);
  const samples = (split: Int32Array): Int32Array => {
    let length = split.length;
    for (const row of split) length += first[row + 1]! - first[row]!;
    const all = new Int32Array(length);
    let at = 0;
    for (const row of split) {
      all[at++] = row;
      for (let m = first[row]!; m < first[row + 1]!; m++) all[at++] = interactions + m;
    }
    return all;
  };
  return {
    ...dataset,
    interactionUser: longer(dataset.interactionUser, (m) => dataset.interactionUser[of[m]!]!),
    interactionItem: longer(dataset.interactionItem, (m) => item[m]!),
    interactionRating: longer(dataset.interactionRating, () => NEGATIVE_RATING),
    interactionTime: time,
    anchor: longer(itself, (m) => of[m]!),
    train: samples(dataset.train),
    valid: samples(dataset.valid),
    test: samples(dataset.test),
  };
}

/** [N + 1]: the number of the first negative of each interaction; negatives are in the order of those. */
function firstNegatives(of: Int32Array, interactions: number): Int32Array {
  const first = new Int32Array(interactions + 1);
  for (const row of of) first[row + 1]! += 1;
  for (let row = 0; row < interactions; row++) first[row + 1]! += first[row]!;
  return first;
}

/** Reads a data set with its samples as rows; see {@link withNegatives}. */
export const readSampleRows = async (folder: string, split?: string): Promise<SampleRows> =>
  withNegatives(await readDataset(folder, split));

/** The interaction whose place in its user's sequence a row has. */
export const anchorOf = ({ anchor }: Pick<SampleRows, "anchor">, row: number): number =>
  anchor === undefined ? row : anchor[row]!;
