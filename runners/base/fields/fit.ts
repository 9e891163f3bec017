import type { SampleRows } from "../artifacts/negatives.js";
import { infoOfField, type FieldOf, type RawField, valuesOfText } from "../artifacts/raw-fields.js";
import { bucketOf, encode, PRESENT, SCALE, type FittedField } from "./encode.js";

/** The slots of all fields of users, of items or of contexts, for each of these. */
export interface SlotTable {
  /** Of all the fields together, in their order. */
  readonly slots: number;
  /** [rows, slots], row-major. Row 0 of users and items is nobody: nothing. */
  readonly ids: Int32Array;
  readonly weights: Float32Array;
}

/** The fields of a data set, fitted. */
export interface FittedFields {
  /** In the order of the slots: those of users, of items, of contexts. */
  readonly fields: readonly FittedField[];
  /** Ids of all fields together; they begin at 1. */
  readonly count: number;
  /** By user [U + 1], item [I + 1] and interaction [N]; null where there are no such fields. */
  readonly tables: { readonly [of in FieldOf]: SlotTable | null };
}

const ORDER: readonly FieldOf[] = ["user", "item", "context"];

/**
 * Fits the fields of a data set on its training rows: categories, edges of buckets, means and
 * deviations are those that training sees. Users count once each, those of training samples (without
 * validation); so do items, those of training samples and of the histories before them; contexts count
 * once for each training sample. Null where the data set has no fields.
 */
export function fitFields(dataset: SampleRows): FittedFields | null {
  const { fields } = dataset;
  if (fields === undefined || fields.length === 0) return null;
  const seen = trainedRows(dataset);
  const ordered = ORDER.flatMap((of) => fields.filter((field) => field.of === of));
  let count = 0;
  const fitted = ordered.map((field) => {
    const one = fitField(field, seen[field.of], count);
    count += one.ids.size;
    return one;
  });
  const tableOf = (of: FieldOf): SlotTable | null => {
    const own = fitted.filter((field) => field.of === of);
    const raw = ordered.filter((field) => field.of === of);
    return own.length === 0 ? null : slotTable(own, raw, of !== "context");
  };
  return {
    fields: fitted,
    count,
    tables: { user: tableOf("user"), item: tableOf("item"), context: tableOf("context") },
  };
}

/** Users, items and interactions that training sees: 1 where it does. */
function trainedRows(dataset: SampleRows): { readonly [of in FieldOf]: Uint8Array } {
  const { users, items, interactions, offsets, interactionUser, interactionItem } = dataset;
  const held = new Set([...dataset.valid, ...dataset.test]);
  const user = new Uint8Array(users + 1);
  const item = new Uint8Array(items + 1);
  const context = new Uint8Array(interactions);
  const until = new Int32Array(users + 1).fill(-1);
  for (const row of dataset.train) {
    if (held.has(row)) continue;
    const who = interactionUser[row]!;
    user[who] = 1;
    item[interactionItem[row]!] = 1;
    if (row >= interactions) continue;
    context[row] = 1;
    until[who] = Math.max(until[who]!, row);
  }
  for (let who = 1; who <= users; who++) {
    for (let row = offsets[who]!; row < until[who]!; row++)
      if (!held.has(row)) item[interactionItem[row]!] = 1;
  }
  return { user, item, context };
}

function fitField(field: RawField, seen: Uint8Array, before: number): FittedField {
  const texts = new Uint8Array(field.texts.length);
  for (let row = 0; row < seen.length; row++) if (seen[row] === 1) texts[field.value[row]!] = 1;
  const known = field.texts.filter((_, n) => texts[n] === 1);
  const numbered = (values: readonly string[]): ReadonlyMap<string, number> =>
    new Map(values.map((value, n) => [value, before + n + 1]));
  const missing = known.includes("") ? [""] : [];
  const info = infoOfField(field);
  switch (field.kind) {
    case "category":
      return { ...info, slots: 1, ids: numbered(known) };
    case "categories": {
      const values = new Set(known.flatMap((text) => valuesOfText(text).slice(0, field.most)));
      const longest = Math.max(1, ...field.texts.map((text) => valuesOfText(text).length));
      const slots = Math.min(longest, field.most ?? longest);
      return { ...info, slots, ids: numbered([...missing, ...[...values].sort()]) };
    }
    case "buckets": {
      const edges = edgesOf(numbersOf(field, seen), field.most!);
      const used = new Set(
        known.filter((text) => text !== "").map((text) => bucketOf(edges, Number(text))),
      );
      const buckets = [...used].sort((a, b) => a - b).map(String);
      return { ...info, slots: 1, ids: numbered([...missing, ...buckets]), edges };
    }
    case "number": {
      const numbers = numbersOf(field, seen);
      const mean = numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length);
      const square = numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0);
      const deviation = Math.sqrt(square / Math.max(1, numbers.length));
      const names = numbers.length === 0 ? [] : [PRESENT, SCALE];
      const ids = numbered([...missing, ...names]);
      return { ...info, slots: 2, ids, mean, deviation: deviation === 0 ? 1 : deviation };
    }
  }
}

/** Numbers of the rows that training sees, those without one left out, ascending. */
function numbersOf({ texts, value }: RawField, seen: Uint8Array): Float64Array {
  const numbers: number[] = [];
  for (let row = 0; row < seen.length; row++) {
    const text = seen[row] === 1 ? texts[value[row]!]! : "";
    if (text !== "") numbers.push(Number(text));
  }
  return Float64Array.from(numbers).sort();
}

/** Different quantiles k / buckets of ascending numbers, for k from 1: bucket 0 is below the first. */
function edgesOf(sorted: Float64Array, buckets: number): Float64Array {
  const edges = new Set<number>();
  for (let k = 1; k < buckets; k++) {
    const at = sorted[Math.floor((k * sorted.length) / buckets)];
    if (at !== undefined && at > sorted[0]!) edges.add(at);
  }
  return Float64Array.from(edges);
}

/**
 * Fields by row, as slots.
 *
 * @param raw the same fields with their values by row
 * @param padded row 0 stands for nobody
 */
export function slotTable(
  fields: readonly FittedField[],
  raw: readonly RawField[],
  padded: boolean,
): SlotTable {
  const slots = fields.reduce((sum, field) => sum + field.slots, 0);
  const rows = raw[0]!.value.length;
  const ids = new Int32Array(rows * slots);
  const weights = new Float32Array(rows * slots);
  let first = 0;
  fields.forEach((field, f) => {
    const encoded = raw[f]!.texts.map((text) => encode(field, text).slots);
    for (let row = padded ? 1 : 0; row < rows; row++) {
      encoded[raw[f]!.value[row]!]!.forEach(([id, weight], slot) => {
        ids[row * slots + first + slot] = id;
        weights[row * slots + first + slot] = weight;
      });
    }
    first += field.slots;
  });
  return { slots, ids, weights };
}

/** Samples whose field has a value that training does not know, by field. */
export function unknownSamples(
  dataset: SampleRows,
  { fields }: FittedFields,
  rows: Int32Array,
): { readonly [name: string]: number } {
  const anchor = dataset.anchor;
  const counts = fields.map((field) => {
    const raw = dataset.fields!.find(({ name }) => name === field.name)!;
    const unknown = raw.texts.map((text) => encode(field, text).unknown);
    const placeOf = {
      user: (row: number) => dataset.interactionUser[row]!,
      item: (row: number) => dataset.interactionItem[row]!,
      context: (row: number) => anchor?.[row] ?? row,
    }[field.of];
    let count = 0;
    for (const row of rows) if (unknown[raw.value[placeOf(row)]!] === true) count += 1;
    return [field.name, count] as const;
  });
  return Object.fromEntries(counts);
}
