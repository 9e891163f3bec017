import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.js";
import { err, ok, type Result } from "../../../src/base/result.js";
import type { NumberType } from "./numbers.js";
import { BYTES, bytesOf, decodeNumbers, sizeOfShape } from "./numbers.js";

/** A float32 tensor of a safetensors file, in C order. */
export interface NamedTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: Map<string, NamedTensor>;
  readonly metadata: { readonly [name: string]: string };
}

/** Types that are read, by their names in a header. */
const types: { readonly [dtype: string]: NumberType } = {
  F64: "f64",
  F32: "f32",
  F16: "f16",
  BF16: "bf16",
};

/**
 * The bytes of a safetensors file (https://github.com/huggingface/safetensors): the length of the
 * header as a 64-bit number, the header as JSON, the tensors one after another. Float32 alone.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, NamedTensor>,
  metadata: { readonly [name: string]: string } = {},
): Uint8Array {
  const header: { [name: string]: unknown } = {};
  if (Object.keys(metadata).length > 0) header["__metadata__"] = metadata;
  let size = 0;
  for (const [name, { data, shape }] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [size, size + data.byteLength] };
    size += data.byteLength;
  }
  const text = JSON.stringify(header);
  // Spaces keep the data aligned, as the format recommends.
  const length = Buffer.byteLength(text);
  const padded = Buffer.from(text + " ".repeat((8 - (length % 8)) % 8));
  const bytes = new Uint8Array(8 + padded.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded.length), true);
  bytes.set(padded, 8);
  let at = 8 + padded.length;
  for (const { data } of tensors.values()) {
    bytes.set(bytesOf(data), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file. F64, F32, F16 and BF16 tensors come as float32; any other type is an
 * error. The error is the end of a sentence about the file.
 */
export function decodeSafetensors(bytes: Uint8Array): Result<Safetensors, string> {
  if (bytes.length < 8) return err("is too short for a safetensors file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) return err("ends within its header");
  const start = 8 + Number(length);
  const header = parseHeader(bytes.subarray(8, start));
  if (header === null) return err("has a header that is not a JSON object");
  const tensors = new Map<string, NamedTensor>();
  const places: { readonly name: string; readonly from: number; readonly to: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const tensor = decodeTensor(name, entry, bytes.subarray(start));
    if (!tensor.ok) return tensor;
    tensors.set(name, tensor.value);
    const [from, to] = (entry as { readonly data_offsets: readonly [number, number] }).data_offsets;
    if (to > from) places.push({ name, from, to });
  }
  places.sort((a, b) => a.from - b.from);
  const shared = places.findIndex(({ to }, i) => to > (places[i + 1]?.from ?? Infinity));
  if (shared >= 0) {
    const [one, other] = [places[shared]!.name, places[shared + 1]!.name];
    return err(`is damaged: ${one} and ${other} stand in the same bytes`);
  }
  return ok({ tensors, metadata: (header["__metadata__"] ?? {}) as Safetensors["metadata"] });
}

function parseHeader(bytes: Uint8Array): JsonObject | null {
  try {
    const header: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return isJsonObject(header) ? header : null;
  } catch {
    return null;
  }
}

/** @param data the bytes of all tensors */
function decodeTensor(name: string, entry: Json, data: Uint8Array): Result<NamedTensor, string> {
  const { dtype, shape, data_offsets: offsets } = isJsonObject(entry) ? entry : {};
  if (typeof dtype !== "string" || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    return err(`has a header that does not describe ${name}`);
  }
  const type = types[dtype];
  if (type === undefined) {
    const known = "only F64, F32, F16 and BF16 can be read";
    return err(`holds ${name} as numbers of type ${dtype}: ${known}`);
  }
  const [from, to] = offsets as [number, number];
  if (to > data.length) return err(`ends within the numbers of ${name}`);
  if (to - from !== sizeOfShape(shape) * BYTES[type]) {
    return err(`is damaged: ${name} does not have the size of its shape`);
  }
  const numbers = decodeNumbers(type, data.subarray(from, to));
  return ok({
    data: numbers instanceof Float32Array ? numbers : Float32Array.from(numbers),
    shape,
  });
}

const isSizes = (value: Json | undefined): value is readonly number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
