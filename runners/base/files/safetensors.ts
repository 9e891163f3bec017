import { err, ok, type Result } from "../../../src/base/result.js";

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

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

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
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file; F32, F16 and BF16 tensors come as float32, other types are an error.
 * The error is the end of a sentence about the file.
 */
export function decodeSafetensors(bytes: Uint8Array): Result<Safetensors, string> {
  if (bytes.length < 8) return err("is too short for a safetensors file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) return err("ends within its header");
  const start = 8 + Number(length);
  let header: { [name: string]: unknown };
  try {
    header = JSON.parse(Buffer.from(bytes.subarray(8, start)).toString("utf8")) as typeof header;
  } catch {
    return err("has a header that is not JSON");
  }
  const tensors = new Map<string, NamedTensor>();
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: offsets } = value as Entry;
    const read = readers[dtype];
    if (read === undefined)
      return err(`holds ${name} as ${dtype}: only F32, F16 and BF16 can be read`);
    const [from, to] = [start + offsets[0], start + offsets[1]];
    const size = shape.reduce((product, n) => product * n, 1);
    if (to > bytes.length || to - from !== size * read.bytes) {
      return err(`is damaged: ${name} does not have the size of its shape`);
    }
    // A copy of its own, because typed arrays need an aligned start (a Buffer's slice is none).
    tensors.set(name, {
      data: read.decode(new Uint8Array(bytes.subarray(from, to)).buffer),
      shape,
    });
  }
  return ok({ tensors, metadata: (header["__metadata__"] ?? {}) as { [name: string]: string } });
}

const readers: {
  readonly [dtype: string]: { bytes: number; decode: (buffer: ArrayBuffer) => Float32Array };
} = {
  F32: { bytes: 4, decode: (buffer) => new Float32Array(buffer) },
  F16: { bytes: 2, decode: (buffer) => Float32Array.from(new Uint16Array(buffer), halfToNumber) },
  BF16: {
    bytes: 2,
    decode: (buffer) => {
      const wide = Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16);
      return new Float32Array(wide.buffer);
    },
  },
};

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
