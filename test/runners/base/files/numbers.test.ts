import { execa } from "execa";
import { expect, test } from "vitest";
import { decodeNumbers } from "../../../../runners/base/files/numbers.js";

const every16 = new Uint8Array(Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits).buffer);

test("every binary16 number is what Python reads", async () => {
  const script =
    "import struct,sys; b=sys.stdin.buffer.read();" +
    "sys.stdout.buffer.write(struct.pack('<65536d', *struct.unpack('<65536e', b)))";
  const { stdout } = await execa("python3", ["-c", script], {
    input: every16,
    encoding: "buffer",
  });
  const python = new Float64Array(new Uint8Array(stdout).buffer);
  const found = decodeNumbers("f16", every16);
  expect(found).toHaveLength(1 << 16);
  expect(python.findIndex((number, bits) => !Object.is(number, found[bits]))).toBe(-1);
});

test("bfloat16 is the upper half of a float32", () => {
  const found = decodeNumbers("bf16", every16) as Float32Array;
  const bits = new Uint32Array(found.buffer);
  // A NaN may change its bits on the way; it stays a NaN.
  const wrong = found.findIndex(
    (number, half) =>
      bits[half] !== half << 16 && !Number.isNaN(number) && bits[half]! >>> 16 !== half,
  );
  expect(wrong).toBe(-1);
});

test("numbers may start anywhere in a file", () => {
  const bytes = new Uint8Array(13);
  bytes.set(new Uint8Array(Float32Array.of(1.5, -2, 3).buffer), 1);
  expect(decodeNumbers("f32", bytes.subarray(1))).toEqual(Float32Array.of(1.5, -2, 3));
});
