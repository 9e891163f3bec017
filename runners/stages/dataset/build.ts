import type { ItemText } from "./source.js";
import type {
  DatasetInfo,
  DatasetItem,
  Dataset,
  DatasetUser,
} from "../../base/artifacts/dataset.js";
import type { Ratings } from "./ratings.js";

/** Position of a user's first sample: the ten before it stand in prompts, the eleventh is a teacher's target. */
export const FIRST_SAMPLE = 11;

/** What a data set says about itself. */
export type DatasetTraits = Pick<
  DatasetInfo,
  "id" | "attributeFields" | "ratings" | "likeAbove" | "shown" | "domain"
>;

/** A data set with its texts, ready to be written. */
export interface BuiltDataset {
  readonly dataset: Dataset;
  readonly users: readonly DatasetUser[];
  readonly items: readonly DatasetItem[];
}

/**
 * Numbers users, items and attributes, orders each user's sequence, splits it and lists the
 * samples.
 *
 * @param ratings those that passed the core; ratings of items without a text are left out here
 * @param orderKey sequences are in ascending order of it, then of the rows
 */
export function buildDataset(
  traits: DatasetTraits,
  ratings: Ratings,
  texts: ReadonlyMap<string, ItemText>,
  orderKey: (seconds: number) => number,
): BuiltDataset {
  const userNumbers = numbered(ratings.user, (id) => ratings.users.text(id));
  const itemNumbers = numbered(ratings.item, (id) => {
    const raw = ratings.items.text(id);
    return texts.has(raw) ? raw : undefined;
  });
  const sequences = orderSequences(ratings, userNumbers, itemNumbers, orderKey);
  const items = itemNumbers.ids.map((id, i): DatasetItem => {
    const text = texts.get(id)!;
    return {
      index: i + 1,
      id,
      title: text.title,
      attributes: text.attributes,
      ...(text.genres === undefined ? {} : { genres: text.genres }),
    };
  });
  const { table, attributes } = attributeTable(items, traits.attributeFields.length);
  const dataset: Dataset = {
    ...traits,
    users: userNumbers.ids.length,
    items: items.length,
    attributes,
    interactions: sequences.interactionItem.length,
    itemAttributes: table,
    ...sequences,
    ...samplesOf(sequences.offsets, userNumbers.ids.length),
  };
  const users = userNumbers.ids.map((id, i) => ({ index: i + 1, id }));
  return { dataset, users, items };
}

interface Numbers {
  /** Raw ids in order: number n is element n - 1. */
  readonly ids: readonly string[];
  /** Number by id of the ratings' table; 0 for one that isn't kept. */
  readonly byId: Int32Array;
}

/**
 * Numbers the ids that occur in a column, from 1 in the order of the raw ids (numeric ones by value,
 * before others), so that a number does not depend on the order of the file.
 */
function numbered(column: Int32Array, textOf: (id: number) => string | undefined): Numbers {
  const found = new Map<number, string>();
  const seen = new Set<number>();
  for (const id of column) {
    if (seen.has(id)) continue;
    seen.add(id);
    const text = textOf(id);
    if (text !== undefined) found.set(id, text);
  }
  const pairs = [...found].sort((a, b) => compareIds(a[1], b[1]));
  let largest = -1;
  for (const id of seen) largest = Math.max(largest, id);
  const byId = new Int32Array(largest + 1);
  pairs.forEach(([id], i) => (byId[id] = i + 1));
  return { ids: pairs.map(([, text]) => text), byId };
}

const numeric = /^(0|[1-9]\d{0,14})$/;

/** Numeric ids by value, then others by code units. */
export function compareIds(a: string, b: string): number {
  const aNumeric = numeric.test(a);
  const bNumeric = numeric.test(b);
  if (aNumeric && bNumeric) return Number(a) - Number(b);
  if (aNumeric !== bNumeric) return aNumeric ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function orderSequences(
  ratings: Ratings,
  users: Numbers,
  items: Numbers,
  orderKey: (seconds: number) => number,
): Pick<
  Dataset,
  "offsets" | "interactionUser" | "interactionItem" | "interactionRating" | "interactionTime"
> {
  const kept = ratings.item
    .map((_, row) => row)
    .filter((row) => items.byId[ratings.item[row]!]! > 0);
  const offsets = new Int32Array(users.ids.length + 2);
  for (const row of kept) offsets[users.byId[ratings.user[row]!]! + 1]!++;
  for (let u = 1; u < offsets.length; u++) offsets[u]! += offsets[u - 1]!;
  const next = offsets.slice();
  const ordered = new Int32Array(kept.length);
  for (const row of kept) ordered[next[users.byId[ratings.user[row]!]!]!++] = row;
  const key = ratings.time.map(orderKey);
  for (let u = 1; u <= users.ids.length; u++) {
    // Rows are in the order of the file, and the row breaks ties: the order is stable.
    ordered.subarray(offsets[u], offsets[u + 1]).sort((a, b) => key[a]! - key[b]! || a - b);
  }
  return {
    offsets,
    interactionUser: ordered.map((row) => users.byId[ratings.user[row]!]!),
    interactionItem: ordered.map((row) => items.byId[ratings.item[row]!]!),
    interactionRating: ordered.map((row) => ratings.rating[row]!),
    interactionTime: Float64Array.from(ordered, (row) => ratings.time[row]!),
  };
}

/** Attribute ids by item, from 1 in the order of the items; an unknown text has one id per field. */
function attributeTable(
  items: readonly DatasetItem[],
  fields: number,
): { table: Int32Array; attributes: number } {
  const ids = new Map<string, number>();
  const table = new Int32Array((items.length + 1) * fields);
  for (const item of items) {
    item.attributes.forEach((text, field) => {
      // Equal words in two fields are one attribute, as in the reference.
      const key = text === null ? `unknown ${field}` : `text ${text}`;
      const id = ids.get(key) ?? ids.size + 1;
      ids.set(key, id);
      table[item.index * fields + field] = id;
    });
  }
  return { table, attributes: ids.size };
}

/** Split index and samples, as docs/artifacts.md defines them. */
function samplesOf(
  offsets: Int32Array,
  users: number,
): Pick<Dataset, "split" | "train" | "valid" | "test"> {
  const split = new Int32Array(users + 1);
  const train: number[] = [];
  const valid: number[] = [];
  const test: number[] = [];
  for (let u = 1; u <= users; u++) {
    const start = offsets[u]!;
    const end = offsets[u + 1]!;
    const at = Math.floor(0.8 * (end - start));
    split[u] = at;
    const samples = Math.max(0, at - FIRST_SAMPLE + 1);
    const validFrom = start + FIRST_SAMPLE + samples - Math.floor(0.1 * samples);
    for (let row = start + FIRST_SAMPLE; row <= start + at; row++) {
      train.push(row);
      if (row >= validFrom) valid.push(row);
    }
    // In a sequence of 12 or fewer the part after the split reaches into what prompts show.
    for (let row = start + Math.max(at + 1, FIRST_SAMPLE); row < end; row++) test.push(row);
  }
  return {
    split,
    train: Int32Array.from(train),
    valid: Int32Array.from(valid),
    test: Int32Array.from(test),
  };
}
