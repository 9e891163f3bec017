import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readNpy } from "../../../../runners/base/files/npy.js";
import { writeNpy } from "../../../../runners/base/files/write-npy.js";
import type { NumberArray } from "../../../../runners/base/files/numbers.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "r4ec-npy-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A version 1.0 file with any header text. */
function npy(header: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    length,
    Buffer.from(header),
    data,
  ]);
}
const described = (dtype: string, shape: string, fortran = "False"): string =>
  `{'descr': '${dtype}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;

test("every type and shape comes back as it was written", async () => {
  const path = join(folder, "round.npy");
  const makers: ((n: readonly number[]) => NumberArray)[] = [
    (n) => Int32Array.from(n),
    (n) => Float32Array.from(n),
    (n) => Float64Array.from(n),
    (n) => Uint8Array.from(n),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...makers),
      fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
      async (make, shape) => {
        const size = shape.reduce((product, n) => product * n, 1);
        const data = make(Array.from({ length: size }, (_, i) => (i * 37) % 251));
        await writeNpy(path, data, shape);
        const back = await readNpy(path);
        expect(back.data).toEqual(data);
        expect(back.shape).toEqual(shape);
      },
    ),
    { numRuns: 60 },
  );
});

test("the data starts at a multiple of 64 bytes, as the format asks", async () => {
  const path = join(folder, "aligned.npy");
  await writeNpy(path, new Int32Array(6), [2, 3]);
  const bytes = await readFile(path);
  expect((10 + bytes.readUInt16LE(8)) % 64).toBe(0);
  expect(bytes.length).toBe(10 + bytes.readUInt16LE(8) + 24);
});

test("half floats, 64-bit integers and files of version 2.0 are read", async () => {
  const path = join(folder, "numpy.npy");
  // 1, -2, 65504, 2^-24, infinity in binary16.
  const halves = new Uint16Array([0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00]);
  await writeFile(path, npy(described("<f2", "(5,)"), new Uint8Array(halves.buffer)));
  expect([...(await readNpy(path)).data]).toEqual([1, -2, 65504, 2 ** -24, Infinity]);
  const wide = new BigInt64Array([-1n, 2n ** 40n]);
  await writeFile(path, npy(described("<i8", "(2,)"), new Uint8Array(wide.buffer)));
  expect([...(await readNpy(path)).data]).toEqual([-1, 2 ** 40]);
});

test.each([
  ["Fortran order", npy(described("<f4", "(2, 3)", "True"), new Uint8Array(24)), /Fortran order/],
  ["another type", npy(described("<c8", "(1,)"), new Uint8Array(8)), /<c8; r4ec can read <f2, <f4/],
  ["big-endian numbers", npy(described(">f4", "(1,)"), new Uint8Array(4)), />f4/],
  ["missing bytes", npy(described("<f4", "(3,)"), new Uint8Array(8)), /8 bytes .* needs 12/],
  ["something else", Buffer.from("hello, I am a text file"), /NumPy header/],
  ["an integer beyond 2^53", npy(described("<i8", "(1,)"), new Uint8Array(8).fill(0x70)), /2\^53/],
])("%s is refused by name", async (name, bytes, message) => {
  const path = join(folder, `${name.replaceAll(" ", "-")}.npy`);
  await writeFile(path, bytes);
  const failure = await readNpy(path).catch((error: unknown) => error as Error);
  expect(failure).toBeInstanceOf(Error);
  expect((failure as Error).message).toMatch(message);
  expect((failure as Error).message).toContain(path);
});

test("a shape that does not hold the numbers is refused", async () => {
  await expect(writeNpy(join(folder, "x.npy"), new Int32Array(3), [2, 2])).rejects.toThrow(/shape/);
});

test("Python reads the header as a literal", async () => {
  const path = join(folder, "python.npy");
  await writeNpy(path, Float32Array.of(1, 2, 3), [3]);
  const script =
    "import ast,struct,sys; b=open(sys.argv[1],'rb').read(); n=struct.unpack('<H',b[8:10])[0];" +
    "h=ast.literal_eval(b[10:10+n].decode()); print(h['shape'], h['descr'], struct.unpack('<3f', b[10+n:]))";
  const { stdout } = await execa("python3", ["-c", script, path]);
  expect(stdout).toBe("(3,) <f4 (1.0, 2.0, 3.0)");
});
