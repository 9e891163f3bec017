import type { Dataset } from "../../../../base/artifacts/dataset.js";

/**
 * Attributes of items numbered within their field, from 1, in the order of their numbers in the data
 * set, which are those of all fields together; 0 stays 0.
 *
 * @returns [I + 1, F], row-major, and the number of values of each field
 */
export function perField({
  itemAttributes,
  attributeFields,
}: Pick<Dataset, "itemAttributes" | "attributeFields">): {
  readonly numbers: Int32Array;
  readonly values: readonly number[];
} {
  const width = attributeFields.length;
  const numbers = new Int32Array(itemAttributes.length);
  const values = attributeFields.map((_, field) => {
    const column = itemAttributes.filter((_, at) => at % width === field);
    const known = [...new Set(column)].filter((value) => value !== 0).sort((a, b) => a - b);
    const numberOf = new Map(known.map((value, at) => [value, at + 1]));
    column.forEach((value, row) => (numbers[row * width + field] = numberOf.get(value) ?? 0));
    return known.length;
  });
  return { numbers, values };
}
