import { readDataset, readItems, readUsers, type Dataset } from "../../base/artifacts/dataset.js";
import { splitByUsers, type UserSplit } from "../../base/artifacts/split.js";
import { withNegatives } from "../../base/artifacts/negatives.js";
import type { FieldInfo, FieldOf } from "../../base/artifacts/raw-fields.js";
import { fitFields, unknownSamples } from "../../base/fields/fit.js";
import { ratingOf } from "../../base/artifacts/shown-ratings.js";

/** Samples of a split. */
export interface SplitCounts {
  readonly samples: number;
  readonly positives: number;
}

/** What a prepared data set is like under a split. */
export interface DatasetSummary {
  /** Train includes valid. */
  readonly counts: { readonly [split in "train" | "valid" | "test"]: SplitCounts };
  /** Interactions of a user: the shortest, the middle and the longest sequence. */
  readonly lengths: {
    readonly shortest: number;
    readonly median: number;
    readonly longest: number;
  };
  /** Test samples of users and of items that no training sample has. */
  readonly unseen: {
    readonly users: number;
    readonly user_samples: number;
    readonly items: number;
    readonly item_samples: number;
  };
  /** Fields as the training rows of the split make them; left out where there are none. */
  readonly fields?: readonly {
    readonly name: string;
    readonly of: FieldOf;
    readonly kind: FieldInfo["kind"];
    /** Different values that training has; no value is one of them. */
    readonly values: number;
    /** Test samples with a value that training does not have. */
    readonly unknown_test_samples: number;
  }[];
  /** A few test samples in words. */
  readonly examples: readonly string[];
}

const EXAMPLES = 3;
/** Interactions that an example shows of a history. */
const SHOWN = 3;

/**
 * Looks at a data set's artifact.
 *
 * @param split the split by users that stands in place of the data set's own; null: its own counts
 */
export async function summaryOf(folder: string, split: UserSplit | null): Promise<DatasetSummary> {
  const own = await readDataset(folder);
  const names = await namesIn(folder);
  const dataset =
    split === null ? own : { ...own, ...splitByUsers(own, ["", ...names.users], split) };
  const samples = withNegatives(dataset);
  const fitted = fitFields(samples);
  const { offsets, users, test } = dataset;
  const lengths = Int32Array.from({ length: users }, (_, i) => offsets[i + 2]! - offsets[i + 1]!);
  lengths.sort();
  const examples = Array.from({ length: Math.min(EXAMPLES, test.length) }, (_, n) =>
    exampleOf(dataset, names, test[Math.floor(((n + 0.5) * test.length) / EXAMPLES)] ?? test[n]!),
  );
  const countOf = (rows: Int32Array): SplitCounts => {
    let positives = 0;
    for (const row of rows) {
      if (samples.interactionRating[row]! > dataset.likeAbove) positives += 1;
    }
    return { samples: rows.length, positives };
  };
  return {
    counts: {
      train: countOf(samples.train),
      valid: countOf(samples.valid),
      test: countOf(samples.test),
    },
    lengths: {
      shortest: lengths[0] ?? 0,
      median: lengths[Math.floor(lengths.length / 2)] ?? 0,
      longest: lengths.at(-1) ?? 0,
    },
    unseen: unseenIn(samples),
    ...(fitted === null
      ? {}
      : {
          fields: fitted.fields.map(({ name, of, kind, ids }) => ({
            ...{ name, of, kind, values: ids.size },
            unknown_test_samples: unknownSamples(samples, fitted, samples.test)[name]!,
          })),
        }),
    examples,
  };
}

interface Names {
  readonly users: readonly string[];
  readonly items: readonly string[];
}

async function namesIn(folder: string): Promise<Names> {
  const items = await readItems(folder);
  return {
    users: (await readUsers(folder)).map(({ id }) => id),
    items: items.map(({ id, title }) => (title === null ? `item ${id}` : JSON.stringify(title))),
  };
}

function exampleOf(dataset: Dataset, names: Names, row: number): string {
  const user = dataset.interactionUser[row]!;
  const start = dataset.offsets[user]!;
  const thing = (at: number): string => names.items[dataset.interactionItem[at]! - 1]!;
  const before = Array.from({ length: Math.min(SHOWN, row - start) }, (_, n) => row - SHOWN + n)
    .filter((at) => at >= start)
    .map((at) => `${thing(at)} (${ratingOf(dataset, at)})`);
  const likes = dataset.interactionRating[row]! > dataset.likeAbove ? "positive" : "negative";
  return `user ${names.users[user - 1]} after ${row - start} interactions, the last ones ${before.join(", ")}: ${thing(row)} (${ratingOf(dataset, row)}, ${likes})`;
}

function unseenIn(dataset: Dataset): DatasetSummary["unseen"] {
  const seenUsers = new Uint8Array(dataset.users + 1);
  const seenItems = new Uint8Array(dataset.items + 1);
  for (const row of dataset.train) {
    seenUsers[dataset.interactionUser[row]!] = 1;
    seenItems[dataset.interactionItem[row]!] = 1;
  }
  const users = new Set<number>();
  const items = new Set<number>();
  const samples = { user: 0, item: 0 };
  for (const row of dataset.test) {
    const [user, item] = [dataset.interactionUser[row]!, dataset.interactionItem[row]!];
    if (seenUsers[user] === 0) {
      users.add(user);
      samples.user += 1;
    }
    if (seenItems[item] === 0) {
      items.add(item);
      samples.item += 1;
    }
  }
  return {
    users: users.size,
    user_samples: samples.user,
    items: items.size,
    item_samples: samples.item,
  };
}
