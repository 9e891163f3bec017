/** Arrays in which numbers of files are held in memory. */
export type NumberArray = Int32Array | Float32Array | Float64Array | Uint8Array;

/** How numbers are written in files, all of them little-endian. */
export type NumberType = "u8" | "i32" | "i64" | "f16" | "bf16" | "f32" | "f64";

/** Bytes of one number. */
export const BYTES: { readonly [type in NumberType]: number } = {
  u8: 1,
  f16: 2,
  bf16: 2,
  i32: 4,
  f32: 4,
  i64: 8,
  f64: 8,
};

/**
 * Numbers out of the bytes of a file: f16 and bf16 as float32, i64 as float64, others as they are.
 * Throws a RangeError for an integer beyond 2^53, which float64 can't hold.
 *
 * @param bytes a whole count of numbers
 */
export function decodeNumbers(type: NumberType, bytes: Uint8Array): NumberArray {
  // A copy of its own: typed arrays need an aligned start, and a part of a file may start anywhere.
  const buffer = new Uint8Array(bytes).buffer;
  switch (type) {
    case "u8":
      return new Uint8Array(buffer);
    case "i32":
      return new Int32Array(buffer);
    case "i64":
      return Float64Array.from(new BigInt64Array(buffer) as Iterable<bigint>, wideToNumber);
    case "f16":
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case "bf16":
      // bfloat16 is the upper half of a float32.
      return new Float32Array(
        Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer,
      );
    case "f32":
      return new Float32Array(buffer);
    case "f64":
      return new Float64Array(buffer);
  }
}

/** The bytes of an array, without a copy. */
export const bytesOf = (array: NumberArray): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** How many numbers an array of this shape holds. */
export const sizeOfShape = (shape: readonly number[]): number =>
  shape.reduce((product, n) => product * n, 1);

function wideToNumber(wide: bigint): number {
  const number = Number(wide);
  if (!Number.isSafeInteger(number)) throw new RangeError(`the integer ${wide} is beyond 2^53`);
  return number;
}

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
