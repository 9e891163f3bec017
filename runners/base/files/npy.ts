import { readFile } from "node:fs/promises";
import { UserError } from "../../../src/base/exit.js";
import type { NumberArray, NumberType } from "./numbers.js";
import { BYTES, decodeNumbers, sizeOfShape } from "./numbers.js";

/** A `.npy` file in memory; `data` is in C order. */
export interface NpyArray {
  /**
   * `<i4` comes as Int32Array, `<f4` and `<f2` as Float32Array, `<f8` and `<i8` as Float64Array
   * (integers beyond 2^53 are refused), `|u1` as Uint8Array.
   */
  readonly data: NumberArray;
  readonly shape: readonly number[];
  /** As the file states it: `<f4`. */
  readonly dtype: string;
}

/** The first bytes of every such file. */
export const NPY_MAGIC = Buffer.from("\x93NUMPY", "latin1");
const types: { readonly [dtype: string]: NumberType } = {
  "<f2": "f16",
  "<f4": "f32",
  "<f8": "f64",
  "<i4": "i32",
  "<i8": "i64",
  "|u1": "u8",
};

/** Reads what write-npy.ts or NumPy wrote. Throws a UserError that names the file. */
export async function readNpy(path: string): Promise<NpyArray> {
  const bytes = await readFile(path);
  const { dtype, shape, start } = readHeader(path, bytes);
  const type = types[dtype];
  if (type === undefined) {
    throw bad(
      path,
      `its numbers are of type ${dtype}; r4ec can read ${Object.keys(types).join(", ")}`,
    );
  }
  const wanted = sizeOfShape(shape) * BYTES[type];
  const found = bytes.length - start;
  if (found !== wanted) {
    throw bad(
      path,
      `${found} bytes of data, but shape (${shape.join(", ")}) of ${dtype} needs ${wanted}`,
    );
  }
  try {
    return { data: decodeNumbers(type, bytes.subarray(start)), shape, dtype };
  } catch (error) {
    throw bad(path, (error as RangeError).message);
  }
}

function readHeader(
  path: string,
  bytes: Buffer,
): { dtype: string; shape: readonly number[]; start: number } {
  if (bytes.length < 12 || !bytes.subarray(0, 6).equals(NPY_MAGIC)) {
    throw bad(path, "it does not begin with a NumPy header");
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
    throw bad(path, `r4ec can't read its header: ${text.trim()}`);
  }
  const sizes = (shape.match(/\d+/g) ?? []).map(Number);
  if (order === "True" && sizes.length > 1) {
    throw bad(path, "its array is in Fortran order; save it with numpy.ascontiguousarray(array)");
  }
  return { dtype, shape: sizes, start };
}

const bad = (path: string, what: string): UserError =>
  new UserError(`${path} is not a NumPy file that r4ec can use: ${what}`);
