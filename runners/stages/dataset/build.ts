import type { ItemText } from "./source.js";
import type {
  DatasetInfo,
  DatasetItem,
  Dataset,
  DatasetUser,
} from "../../base/artifacts/dataset.js";
import { rowsByUser, sortByKey } from "./by-user.js";
import type { Ratings } from "./ratings.js";
import { infoOfField, type FieldInfo } from "../../base/artifacts/raw-fields.js";
import { rawField, textRows } from "./raw-fields.js";
import { samplesOf, type SplitRule } from "./split-rule.js";

/** What a data set says about itself. */
export type DatasetTraits = Pick<
  DatasetInfo,
  "id" | "attributeFields" | "ratings" | "likeAbove" | "shown" | "domain" | "splitBy"
> & {
  /** Of users, items and contexts. */
  readonly fields?: readonly FieldInfo[];
};

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
 * @param rule how samples are split
 * @param users texts of fields of users by raw id, in the order of the fields
 */
export function buildDataset(
  traits: DatasetTraits,
  ratings: Ratings,
  texts: ReadonlyMap<string, ItemText>,
  orderKey: (seconds: number) => number,
  rule: SplitRule,
  users: ReadonlyMap<string, readonly string[]> = new Map(),
): BuiltDataset {
  const userNumbers = numbered(ratings.user, (id) => ratings.users.text(id));
  const itemNumbers = numbered(ratings.item, (id) => {
    const raw = ratings.items.text(id);
    return texts.has(raw) ? raw : undefined;
  });
  const { parts, ordered, ...sequences } = orderSequences(
    ratings,
    userNumbers,
    itemNumbers,
    orderKey,
  );
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
  const { fields: infos = [], ...told } = traits;
  const places = { user: 0, item: 0, context: 0 };
  const fields = infos.map((info) => {
    const place = places[info.of]++;
    switch (info.of) {
      case "user":
        return rawField(
          info,
          textRows(
            userNumbers.ids.length,
            (n) => users.get(userNumbers.ids[n - 1]!)?.[place] ?? "",
          ),
        );
      case "item":
        return rawField(
          info,
          textRows(items.length, (n) => texts.get(items[n - 1]!.id)!.fields?.[place] ?? ""),
        );
      case "context": {
        const { texts, value } = ratings.context![place]!;
        return rawField(info, { texts, value: ordered.map((row) => value[row]!) });
      }
    }
  });
  const dataset: Dataset = {
    ...told,
    ...(fields.length === 0 ? {} : { fieldInfos: fields.map(infoOfField), fields }),
    users: userNumbers.ids.length,
    items: items.length,
    attributes,
    interactions: sequences.interactionItem.length,
    itemAttributes: table,
    ...sequences,
    ...samplesOf({ ...sequences, parts }, userNumbers.ids.length, rule),
  };
  const lines = userNumbers.ids.map((id, i) => ({ index: i + 1, id }));
  return { dataset, users: lines, items };
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
> & { readonly parts: Uint8Array | undefined; readonly ordered: Int32Array } {
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
  let parts: Uint8Array | undefined;
  if (ratings.part !== undefined) {
    parts = new Uint8Array(ordered.length);
    for (let at = 0; at < ordered.length; at++) parts[at] = ratings.part[ordered[at]!]!;
  }
  return {
    parts,
    ordered,
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
