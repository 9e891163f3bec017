import { open, readFile } from "node:fs/promises";
import { UserError } from "../../../src/base/exit.js";

/** Arrays that `.npy` files of an artifact are made of. */
export type NpyData = Int32Array | Float32Array | Float64Array | Uint8Array;

/** A `.npy` file in memory; `data` is in C order. */
export interface NpyArray {
  /**
   * `<i4` comes as Int32Array, `<f4` and `<f2` as Float32Array, `<f8` and `<i8` as Float64Array
   * (integers beyond 2^53 are refused), `|u1` as Uint8Array.
   */
  readonly data: NpyData;
  readonly shape: readonly number[];
  /** As the file states it: `<f4`. */
  readonly dtype: string;
}

const magic = Buffer.from("\x93NUMPY", "latin1");
const itemSizes: { readonly [dtype: string]: number } = {
  "<f2": 2,
  "<f4": 4,
  "<f8": 8,
  "<i4": 4,
  "<i8": 8,
  "|u1": 1,
};

/**
 * Writes a NumPy file, version 1.0, little-endian, C order. The product of `shape` is the length of
 * `data`. Syncing it to disk is the artifact store's business.
 */
export async function writeNpy(
  path: string,
  data: NpyData,
  shape: readonly number[],
): Promise<void> {
  const size = shape.reduce((product, n) => product * n, 1);
  if (size !== data.length) {
    throw new RangeError(
      `${path}: shape [${shape.join(", ")}] does not hold ${data.length} numbers`,
    );
  }
  const file = await open(path, "w");
  try {
    await file.writeFile(header(dtypeOf(data), shape));
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    // Pieces, because one write is limited to 2 GiB.
    const piece = 1 << 26;
    for (let at = 0; at < bytes.length; at += piece) {
      await file.writeFile(bytes.subarray(at, at + piece));
    }
  } finally {
    await file.close();
  }
}

/** Reads what {@link writeNpy} or NumPy wrote. Throws a UserError that names the file. */
export async function readNpy(path: string): Promise<NpyArray> {
  const bytes = await readFile(path);
  const { dtype, shape, start } = readHeader(path, bytes);
  const itemSize = itemSizes[dtype];
  if (itemSize === undefined) {
    throw bad(path, `numbers of type ${dtype}; r4ec reads ${Object.keys(itemSizes).join(", ")}`);
  }
  const length = shape.reduce((product, n) => product * n, 1);
  const found = bytes.length - start;
  if (found !== length * itemSize) {
    throw bad(
      path,
      `${found} bytes of data where shape (${shape.join(", ")}) of ${dtype} needs ${length * itemSize}`,
    );
  }
  // A copy of its own: typed arrays need an aligned start, and the header may end anywhere.
  const raw = new Uint8Array(length * itemSize);
  raw.set(bytes.subarray(start));
  return { data: decode(path, dtype, raw.buffer), shape, dtype };
}

function dtypeOf(data: NpyData): string {
  if (data instanceof Int32Array) return "<i4";
  if (data instanceof Float32Array) return "<f4";
  return data instanceof Float64Array ? "<f8" : "|u1";
}

function header(dtype: string, shape: readonly number[]): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The format wants the data to start at a multiple of 64; 10 bytes stand before the text.
  const padded = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11) + "\n";
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  return Buffer.concat([magic, Buffer.from([1, 0]), length, Buffer.from(padded, "latin1")]);
}

function readHeader(
  path: string,
  bytes: Buffer,
): { dtype: string; shape: readonly number[]; start: number } {
  if (bytes.length < 12 || !bytes.subarray(0, 6).equals(magic)) {
    throw bad(path, "no NumPy header at its start");
  }
  const major = bytes[6];
  const textAt = major === 1 ? 10 : 12;
  const length = major === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const start = textAt + length;
  if (start > bytes.length) throw bad(path, "it ends within its header");
  const text = bytes.toString("latin1", textAt, start);
  const dtype = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (dtype === undefined || order === undefined || shape === undefined) {
    throw bad(path, `a header that r4ec can't read: ${text.trim()}`);
  }
  const sizes = (shape.match(/\d+/g) ?? []).map(Number);
  if (order === "True" && sizes.length > 1) {
    throw bad(path, "Fortran order; save it with numpy.ascontiguousarray(array)");
  }
  return { dtype, shape: sizes, start };
}

function decode(path: string, dtype: string, buffer: ArrayBuffer): NpyData {
  switch (dtype) {
    case "<i4":
      return new Int32Array(buffer);
    case "<f4":
      return new Float32Array(buffer);
    case "<f8":
      return new Float64Array(buffer);
    case "|u1":
      return new Uint8Array(buffer);
    case "<f2":
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    default:
      return Float64Array.from(
        new BigInt64Array(buffer) as unknown as ArrayLike<number>,
        (wide) => {
          const number = Number(wide);
          if (!Number.isSafeInteger(number)) throw bad(path, `the integer ${wide}, beyond 2^53`);
          return number;
        },
      );
  }
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

const bad = (path: string, what: string): UserError =>
  new UserError(`${path} is not a NumPy file that r4ec can use: ${what}`);
