import type { ItemText } from "./source.js";
import type {
  DatasetInfo,
  DatasetItem,
  Dataset,
  DatasetUser,
} from "../../base/artifacts/dataset.js";
import { rowsByUser, sortByKey } from "./by-user.js";
import { Column } from "./column.js";
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
  let largest = -1;
  for (const id of column) if (id > largest) largest = id;
  const seen = new Uint8Array(largest + 1);
  for (const id of column) seen[id] = 1;
  const found: [number, string][] = [];
  seen.forEach((there, id) => {
    const text = there === 0 ? undefined : textOf(id);
    if (text !== undefined) found.push([id, text]);
  });
  const pairs = found.sort((a, b) => compareIds(a[1], b[1]));
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
  const user = ratings.user.map((id) => users.byId[id]!);
  const { rows: ordered, starts } = rowsByUser(
    user,
    users.ids.length + 1,
    (row) => items.byId[ratings.item[row]!]! > 0,
  );
  const key = ratings.time.map(orderKey);
  const spare = new Int32Array(ordered.length);
  // Rows are in the order of the file, and the row breaks ties: the order is stable.
  for (let u = 1; u <= users.ids.length; u++)
    sortByKey(ordered, starts[u]!, starts[u + 1]!, key, spare);
  const interactionTime = new Float64Array(ordered.length);
  for (let at = 0; at < ordered.length; at++) interactionTime[at] = ratings.time[ordered[at]!]!;
  return {
    offsets: starts,
    interactionUser: ordered.map((row) => user[row]!),
    interactionItem: ordered.map((row) => items.byId[ratings.item[row]!]!),
    interactionRating: ordered.map((row) => ratings.rating[row]!),
    interactionTime,
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
  const column = (): Column<Int32Array> => new Column((length) => new Int32Array(length));
  const [train, valid, test] = [column(), column(), column()];
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
    train: train.take(),
    valid: valid.take(),
    test: test.take(),
  };
}
