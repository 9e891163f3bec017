import { labelsOf } from "./interactions.js";
import type { CtrData } from "./load.js";

/** Why nothing can be learned from data or measured on it; null where it can. */
export function faultOf(data: CtrData): string | null {
  const { train, valid, test } = data;
  if (train.length === 0) return "the data set has no training samples";
  if (test.rows.length === 0) return "the data set has no test samples";
  if (valid?.rows.length === 0) {
    return "the data set has no validation samples: there are too few training samples to hold some out; with ctr.pick: test no validation samples are needed";
  }
  return oneClass(data);
}

/** A split whose samples all have one label has no AUC: no epoch can be picked by it, no cell compared. */
export function oneClass({ dataset, train, valid, test }: CtrData): string | null {
  const labels = labelsOf(dataset);
  const splits = { training: train, validation: valid?.rows ?? [], test: test.rows };
  for (const [name, rows] of Object.entries(splits)) {
    const first = rows[0];
    if (first === undefined || rows.some((row) => labels[row] !== labels[first])) continue;
    const what = labels[first] === 1 ? "positive" : "negative";
    return `all ${rows.length} ${name} samples are ${what} (positive is a rating above dataset.like_above ${dataset.likeAbove}): there is no AUC of one class`;
  }
  return null;
}
