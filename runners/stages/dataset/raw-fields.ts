import { type FieldInfo, type RawField, VALUE_GAP } from "../../base/artifacts/raw-fields.js";

/** Texts of a field by row, before they are numbered. */
export interface TextRows {
  readonly texts: readonly string[];
  /** By row: a number of `texts`; -1: no value. */
  readonly value: Int32Array;
}

/**
 * A field with its texts in ascending order of their code units, "" first, and only those that occur:
 * so that no number depends on the order of a file. A column of lists becomes several categories.
 */
export function rawField(info: FieldInfo, { texts, value }: TextRows): RawField {
  const occurs = new Uint8Array(texts.length);
  for (const number of value) if (number >= 0) occurs[number] = 1;
  const found = new Set(["", ...texts.filter((_, number) => occurs[number] === 1)]);
  const sorted = [...found].sort();
  const numberOf = new Map(sorted.map((text, number) => [text, number]));
  const renumbered = texts.map((text) => numberOf.get(text) ?? 0);
  const { most, ...rest } = info;
  const lists = info.kind === "category" && sorted.some((text) => text.includes(VALUE_GAP));
  const kind = lists ? "categories" : info.kind;
  return {
    ...rest,
    kind,
    // One category has no most.
    ...(kind === "category" || most === undefined ? {} : { most }),
    texts: sorted,
    value: value.map((number) => (number < 0 ? 0 : renumbered[number]!)),
  };
}

/** Rows out of a text by number, row 0 being nobody. */
export function textRows(count: number, textOf: (number: number) => string): TextRows {
  const texts: string[] = [];
  const numbers = new Map<string, number>();
  const value = new Int32Array(count + 1).fill(-1);
  for (let number = 1; number <= count; number++) {
    const text = textOf(number);
    const known = numbers.get(text) ?? texts.length;
    if (known === texts.length) texts.push(text);
    numbers.set(text, known);
    value[number] = known;
  }
  return { texts, value };
}
