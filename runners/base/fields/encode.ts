import { type FieldInfo, valuesOfText } from "../artifacts/raw-fields.js";

/**
 * A field with what training rows say about it. A value becomes ids and weights in `slots` slots: the
 * field's vector is the sum of weight × vector of the id. Id 0 has the weight 0: nothing.
 */
export interface FittedField extends FieldInfo {
  readonly slots: number;
  /** Ids by value that the training rows have; "" is no value. Buckets by number, "0" the lowest. */
  readonly ids: ReadonlyMap<string, number>;
  /** buckets: values from edge k on are in bucket k + 1 or a higher one, ascending. */
  readonly edges?: Float64Array;
  /** number: of the training rows. A field's deviation of 0 counts as 1. */
  readonly mean?: number;
  readonly deviation?: number;
}

/** A value in the slots of its field. */
export interface Encoded {
  /** Pairs of id and weight, as many as are not nothing. */
  readonly slots: readonly (readonly [id: number, weight: number])[];
  /** True where some of its values is one that the training rows do not have. */
  readonly unknown: boolean;
}

/** Names of the ids of a field of kind number. */
export const PRESENT = "present";
export const SCALE = "scale";

/**
 * A value as ids and weights. A category that the training rows do not have is nothing: zeros. Of
 * several values the known ones count alike, with weights that sum to 1. A number x has the vector of
 * numbers there are plus (x - mean) / deviation times another one.
 */
export function encode(field: FittedField, text: string): Encoded {
  const idOf = (value: string): number => field.ids.get(value) ?? 0;
  if (text === "") {
    const id = idOf("");
    return { slots: id === 0 ? [] : [[id, 1]], unknown: id === 0 };
  }
  switch (field.kind) {
    case "category": {
      const id = idOf(text);
      return { slots: id === 0 ? [] : [[id, 1]], unknown: id === 0 };
    }
    case "categories": {
      const values = valuesOfText(text).slice(0, field.most);
      const known = values.map(idOf).filter((id) => id !== 0);
      return {
        slots: known.map((id) => [id, 1 / known.length] as const),
        unknown: known.length < values.length,
      };
    }
    case "buckets": {
      const id = idOf(String(bucketOf(field.edges!, Number(text))));
      return { slots: id === 0 ? [] : [[id, 1]], unknown: id === 0 };
    }
    case "number": {
      const [present, scale] = [idOf(PRESENT), idOf(SCALE)];
      if (present === 0) return { slots: [], unknown: true };
      const standard = (Number(text) - field.mean!) / field.deviation!;
      return {
        slots: [
          [present, 1],
          [scale, standard],
        ],
        unknown: false,
      };
    }
  }
}

/** How many edges are at or below a number. */
export function bucketOf(edges: Float64Array, number: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}
