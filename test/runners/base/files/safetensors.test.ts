import fc from "fast-check";
import { expect, test } from "vitest";
import type { NamedTensor } from "../../../../runners/base/files/safetensors.js";
import {
  decodeSafetensors,
  encodeSafetensors,
} from "../../../../runners/base/files/safetensors.js";

const tensors = new Map<string, NamedTensor>([
  ["a", { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }],
  ["empty", { data: new Float32Array(0), shape: [0, 4] }],
  ["scalar", { data: Float32Array.of(-0.5), shape: [] }],
]);

/** A file of one tensor with any header entry. */
function file(entry: unknown, data: Uint8Array): Uint8Array {
  const header = Buffer.from(JSON.stringify({ t: entry }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}

const errorOf = (bytes: Uint8Array): string => {
  const decoded = decodeSafetensors(bytes);
  if (decoded.ok) throw new Error("it was read");
  return decoded.error;
};

test("tensors and metadata come back as they were written", () => {
  const decoded = decodeSafetensors(encodeSafetensors(tensors, { made: "here" }));
  expect(decoded).toEqual({ ok: true, value: { tensors, metadata: { made: "here" } } });
});

test("float64 is rounded to float32", () => {
  const data = new Uint8Array(Float64Array.of(0.1, -3).buffer);
  const decoded = decodeSafetensors(
    file({ dtype: "F64", shape: [2], data_offsets: [0, 16] }, data),
  );
  expect(decoded.ok && decoded.value.tensors.get("t")?.data).toEqual(Float32Array.of(0.1, -3));
});

test("a file that was cut anywhere is refused, never read in part", () => {
  const whole = encodeSafetensors(tensors);
  for (let length = 0; length < whole.length; length++) {
    expect(errorOf(whole.subarray(0, length))).toMatch(/too short|within its header|numbers of/u);
  }
});

test("no header makes it throw", () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      const header = Buffer.from(json);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      decodeSafetensors(Buffer.concat([length, header]));
    }),
  );
});

test.each([
  ["another type", { dtype: "I64", shape: [1], data_offsets: [0, 8] }, /numbers of type I64/u],
  ["another size", { dtype: "F32", shape: [3], data_offsets: [0, 8] }, /size of its shape/u],
  [
    "numbers that are not there",
    { dtype: "F32", shape: [4], data_offsets: [0, 16] },
    /ends within/u,
  ],
  [
    "offsets below zero",
    { dtype: "F32", shape: [2], data_offsets: [-8, 0] },
    /does not describe t/u,
  ],
  ["no offsets", { dtype: "F32", shape: [2] }, /does not describe t/u],
  ["no entry", 7, /does not describe t/u],
])("%s is refused", (_, entry, message) => {
  expect(errorOf(file(entry, new Uint8Array(8)))).toMatch(message);
});

test("tensors that stand in the same bytes are refused", () => {
  const header = Buffer.from(
    JSON.stringify({
      a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      b: { dtype: "F32", shape: [1], data_offsets: [4, 8] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const bytes = Buffer.concat([length, header, Buffer.alloc(8)]);
  expect(errorOf(bytes)).toMatch(/a and b stand in the same bytes/u);
});
