import { open } from "node:fs/promises";
import { NPY_MAGIC } from "./npy.js";
import type { NumberArray } from "./numbers.js";
import { bytesOf, sizeOfShape } from "./numbers.js";

/**
 * Writes a NumPy file, version 1.0, little-endian, C order. The product of `shape` is the length of
 * `data`. Syncing it to disk is the artifact store's business.
 */
export async function writeNpy(
  path: string,
  data: NumberArray,
  shape: readonly number[],
): Promise<void> {
  await writeNpyPieces(path, [data], shape);
}

/**
 * The same for an array that is not in memory as a whole.
 *
 * @param pieces the numbers in order: arrays of one type, at least one
 */
export async function writeNpyPieces(
  path: string,
  pieces: Iterable<NumberArray>,
  shape: readonly number[],
): Promise<void> {
  const file = await open(path, "w");
  let written: number | null = null;
  try {
    for (const data of pieces) {
      if (written === null) await file.writeFile(header(dtypeOf(data), shape));
      written = (written ?? 0) + data.length;
      const bytes = bytesOf(data);
      // One write is limited to 2 GiB.
      const most = 1 << 26;
      for (let at = 0; at < bytes.length; at += most) {
        await file.writeFile(bytes.subarray(at, at + most));
      }
    }
  } finally {
    await file.close();
  }
  if (sizeOfShape(shape) !== written) {
    throw new RangeError(
      `${path}: shape [${shape.join(", ")}] does not hold ${written ?? 0} numbers`,
    );
  }
}

function dtypeOf(data: NumberArray): string {
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
  return Buffer.concat([NPY_MAGIC, Buffer.from([1, 0]), length, Buffer.from(padded, "latin1")]);
}
