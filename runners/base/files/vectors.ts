import { readFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../src/base/exit.js";
import type { JsonObject } from "../../../src/base/json.js";
import { isJsonObject } from "../../../src/base/json.js";
import { readNpy } from "./npy.js";

/** Vectors as a file holds them, row after row. */
export interface VectorTable {
  readonly rows: number;
  readonly width: number;
  readonly numbers: Float32Array;
}

/** Reads vectors from a `.npy` or `.safetensors` file. Throws a UserError that names the file. */
export async function readVectors(file: string): Promise<VectorTable> {
  const table =
    path.extname(file).toLowerCase() === ".npy" ? await fromNpy(file) : await fromSafetensors(file);
  const bad = table.numbers.findIndex((number) => !Number.isFinite(number));
  if (bad >= 0) {
    const [row, column] = [Math.floor(bad / table.width), bad % table.width];
    throw new UserError(
      `${file}: the number at row ${row}, column ${column} (from 0) is ${table.numbers[bad]!}`,
    );
  }
  return table;
}

async function fromNpy(file: string): Promise<VectorTable> {
  const { data, shape } = await readNpy(file);
  return tableOf(file, Float32Array.from(data), shape);
}

/** safetensors: header length (8 bytes), header (JSON), numbers; little-endian. One tensor. */
async function fromSafetensors(file: string): Promise<VectorTable> {
  const bytes = await readFile(file);
  const length = bytes.length < 8 ? Infinity : Number(bytes.readBigUInt64LE(0));
  if (length > bytes.length - 8) throw bad(file, "its header is not whole");
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  } catch {
    throw bad(file, "its header is not JSON");
  }
  const tensors = isJsonObject(header)
    ? Object.entries(header).filter(([name]) => name !== "__metadata__")
    : [];
  if (tensors.length !== 1) throw bad(file, `one tensor is wanted and ${tensors.length} are there`);
  const { dtype, shape, data_offsets } = tensors[0]![1] as JsonObject;
  const [start, end] = data_offsets as [number, number];
  const data = bytes.subarray(8 + length + start, 8 + length + end);
  if (data.length !== end - start) throw bad(file, "it ends within its numbers");
  return tableOf(file, numbersOf(file, dtype as string, data), shape as number[]);
}

function numbersOf(file: string, dtype: string, bytes: Buffer): Float32Array {
  const read = (size: number, number: (at: number) => number) =>
    Float32Array.from({ length: bytes.length / size }, (_, row) => number(row * size));
  const word = new DataView(new ArrayBuffer(4));
  switch (dtype) {
    case "F32":
      return read(4, (at) => bytes.readFloatLE(at));
    case "F64":
      return read(8, (at) => bytes.readDoubleLE(at));
    case "BF16":
      return read(2, (at) => {
        word.setUint32(0, bytes.readUInt16LE(at) << 16);
        return word.getFloat32(0);
      });
    case "F16":
      return read(2, (at) => halfToNumber(bytes.readUInt16LE(at)));
    default:
      throw bad(file, `numbers of type ${dtype}; F64, F32, F16 and BF16 can be read`);
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

function tableOf(file: string, numbers: Float32Array, shape: readonly number[]): VectorTable {
  const [rows, width] = shape;
  if (shape.length !== 2 || rows === undefined || width === undefined || width < 1) {
    throw bad(file, `its shape is [${shape.join(", ")}]; [rows, dimension] is wanted`);
  }
  if (rows * width !== numbers.length) throw bad(file, "its shape does not hold its numbers");
  return { rows, width, numbers };
}

const bad = (file: string, what: string): UserError =>
  new UserError(`${file} cannot be used as vectors: ${what}`);
