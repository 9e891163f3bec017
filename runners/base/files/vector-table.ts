import { readFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../src/base/exit.js";
import { readNpy } from "./npy.js";
import { decodeSafetensors } from "./safetensors.js";

/** Vectors as a file holds them, row after row. */
export interface VectorTable {
  readonly rows: number;
  readonly width: number;
  readonly numbers: Float32Array;
}

/** Reads vectors from a `.npy` or `.safetensors` file. Throws a UserError that names the file. */
export async function readVectorTable(file: string): Promise<VectorTable> {
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

async function fromSafetensors(file: string): Promise<VectorTable> {
  const decoded = decodeSafetensors(await readFile(file));
  if (!decoded.ok) throw new UserError(`${file} ${decoded.error}`);
  const [tensor, ...others] = decoded.value.tensors.values();
  if (tensor === undefined || others.length > 0) {
    throw bad(file, `it must hold one tensor, but holds ${decoded.value.tensors.size}`);
  }
  return tableOf(file, tensor.data, tensor.shape);
}

function tableOf(file: string, numbers: Float32Array, shape: readonly number[]): VectorTable {
  const [rows, width] = shape;
  if (shape.length !== 2 || rows === undefined || width === undefined || width < 1) {
    throw bad(file, `its shape is [${shape.join(", ")}]; it must be [rows, dimension]`);
  }
  if (rows * width !== numbers.length) throw bad(file, "its shape does not hold its numbers");
  return { rows, width, numbers };
}

const bad = (file: string, what: string): UserError =>
  new UserError(`${file} cannot be used as vectors: ${what}`);
