/** Vectors of one side, one behind the other: row r holds numbers r × width to (r + 1) × width. */
export interface Rows {
  readonly width: number;
  /** [rows × width]; row 0 is padding, and zeros as every row without knowledge. */
  readonly numbers: Float32Array;
}

/** Row r, without a copy. */
export const rowOf = ({ width, numbers }: Rows, row: number): Float32Array =>
  numbers.subarray(row * width, (row + 1) * width);

/** True for a vector of zeros alone, which means that there is none. */
export const isZeros = (vector: Float32Array): boolean => vector.every((number) => number === 0);

/** Numbers of the rows that are not all zeros, ascending: of the users or items with a vector. */
export function filledRows(rows: Rows): number[] {
  const filled: number[] = [];
  for (let row = 0; row * rows.width < rows.numbers.length; row++) {
    if (!isZeros(rowOf(rows, row))) filled.push(row);
  }
  return filled;
}

/** The Euclidean length of a vector, summed in double precision. */
export function lengthOf(vector: Float32Array | Float64Array): number {
  let sum = 0;
  for (const number of vector) sum += number * number;
  return Math.sqrt(sum);
}

/** The mean of some rows, [width], in double precision; zeros where `chosen` is empty. */
export function meanRow(rows: Rows, chosen: readonly number[]): Float64Array {
  const mean = new Float64Array(rows.width);
  for (const row of chosen) rowOf(rows, row).forEach((number, at) => (mean[at]! += number));
  return chosen.length === 0 ? mean : mean.map((number) => number / chosen.length);
}

/** The mean length of some rows; 0 where `chosen` is empty. */
export const meanLength = (rows: Rows, chosen: readonly number[]): number =>
  chosen.length === 0
    ? 0
    : chosen.reduce((sum, row) => sum + lengthOf(rowOf(rows, row)), 0) / chosen.length;

/**
 * The mean cosine over all pairs of different rows that are not zeros: (|s|² - n) / (n (n - 1)), where
 * s is the sum of the n rows, each scaled to length 1. That is exact, and takes one pass. Null below
 * two rows.
 */
export function meanCosine(rows: Rows): number | null {
  const filled = filledRows(rows);
  const count = filled.length;
  if (count < 2) return null;
  const sum = new Float64Array(rows.width);
  for (const row of filled) {
    const vector = rowOf(rows, row);
    const length = lengthOf(vector);
    vector.forEach((number, at) => (sum[at]! += number / length));
  }
  return (lengthOf(sum) ** 2 - count) / (count * (count - 1));
}
