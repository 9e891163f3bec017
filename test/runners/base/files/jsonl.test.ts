import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readJsonl } from "../../../../runners/base/files/jsonl.js";
import { writeJsonl } from "../../../../runners/base/files/write-jsonl.js";
import type { Json } from "../../../../src/base/json.js";

let path: string;
beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), "r4ec-jsonl-")), "file.jsonl");
});
afterAll(() => rm(join(path, ".."), { recursive: true }));

const read = async (): Promise<Json[]> => {
  const values: Json[] = [];
  for await (const { value } of readJsonl(path)) values.push(value);
  return values;
};

test("any JSON comes back as it was written, U+2028 and long lines too", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 5 }), async (values) => {
      // -0 is the one number that JSON text does not keep.
      const written = JSON.parse(JSON.stringify(values)) as Json[];
      await writeJsonl(path, written);
      expect(await read()).toEqual(written);
    }),
    { numRuns: 40 },
  );
  const odd = ["a\u2028b", "x".repeat(700_000), "é".repeat(300_000)];
  await writeJsonl(path, odd);
  expect(await read()).toEqual(odd);
});

test("line numbers count empty lines, and the last line needs no newline", async () => {
  await writeFile(path, '{"a":1}\n\n\r\n2');
  const lines = [];
  for await (const line of readJsonl(path)) lines.push(line);
  expect(lines).toEqual([
    { line: 1, value: { a: 1 } },
    { line: 4, value: 2 },
  ]);
});

test("what isn't JSON or UTF-8 is an error with file and line", async () => {
  await writeFile(path, '1\n{"a":\n');
  await expect(read()).rejects.toThrow(`${path}:2: not JSON`);
  await writeFile(path, Buffer.from([0x31, 10, 0x22, 0xff, 0x22, 10]));
  await expect(read()).rejects.toThrow(`${path}:2: not UTF-8`);
});
