import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNpy } from "../../runners/base/files/write-npy.js";
import { readVectorTable } from "../../runners/base/files/vector-table.js";
import { readSamples } from "../../runners/stages/finetune/read-samples.js";
import { ownFilesRunner } from "../../runners/stages/own-files/runner.js";
import type { JsonObject } from "../../src/base/json.js";
import { prepare, removeFolders as removeDatasets } from "../runners/stages/dataset/stage.js";
import { newFolder, removeFolders, runStage } from "../support/stage.js";
import { expectClear, expectWords, fuzz, mutateBytes, type Random } from "./support.js";

const DAY = { timeout: 86_400_000 };
const data = (name: string): string => fileURLToPath(new URL(`../data/${name}`, import.meta.url));

let folder: string;
let dataset: string;
beforeAll(async () => {
  folder = await newFolder();
  dataset = (await prepare({ id: "ml-100k", path: data("ml-100k") })).out;
});
afterAll(async () => {
  await removeFolders();
  await removeDatasets();
  // With 100,000 cases there are many.
}, DAY.timeout);

/** Runs what prepares a data set over files of which one is spoilt. */
async function checkDataset(
  random: Random,
  names: readonly string[],
  settings: (at: (name: string) => string) => JsonObject,
): Promise<void> {
  const spoilt = random.of(names);
  const place = await newFolder();
  for (const name of names) {
    const bytes = await readFile(data(name));
    // Of a packed file, what is in it is spoilt as often as the package.
    const inside = name.endsWith(".gz") && random.below(2) === 0;
    const changed = inside
      ? gzipSync(mutateBytes(random, gunzipSync(bytes)))
      : mutateBytes(random, bytes);
    await writeFile(path.join(place, path.basename(name)), name === spoilt ? changed : bytes);
  }
  try {
    const { result, error } = await prepare(settings((name) => path.join(place, name)));
    if (error !== undefined) return expectWords(error.message);
    const metrics = Object.values(result!.metrics);
    expect(metrics.every(Number.isFinite)).toBe(true);
    expect(result!.metrics["interactions"] ?? 1).toBeGreaterThan(0);
  } catch (error) {
    expectClear(error);
  }
}

test("files of ml-100k", DAY, () =>
  fuzz("files of ml-100k", 0.1, (random) =>
    checkDataset(random, ["ml-100k/u.data", "ml-100k/u.item"], (at) => ({
      ...{ id: "ml-100k", path: at("") },
    })),
  ),
);

test("files of ml-1m", DAY, () =>
  fuzz("files of ml-1m", 0.1, (random) =>
    checkDataset(random, ["ml-1m/ratings.dat", "ml-1m/movies.dat"], (at) => ({
      ...{ id: "ml-1m", path: at("") },
    })),
  ),
);

test("files of amazon-books", DAY, () =>
  fuzz("files of amazon-books", 0.03, (random) =>
    checkDataset(random, ["amazon/Books_5.json.gz", "amazon/meta_Books.json.gz"], (at) => ({
      ...{ id: "amazon-books", user_core: 1, item_core: 1 },
      ...{ reviews: at("Books_5.json.gz"), metadata: at("meta_Books.json.gz") },
    })),
  ),
);

/** A safetensors file with one tensor. */
function safetensors(rows: number, width: number): Buffer {
  const numbers = new Float32Array(rows * width).map((_, index) => index / 7);
  const offsets = [0, numbers.byteLength];
  const header = Buffer.from(
    JSON.stringify({ v: { dtype: "F32", shape: [rows, width], data_offsets: offsets } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.from(numbers.buffer)]);
}

test("files of vectors", DAY, async () => {
  const npy = path.join(folder, "whole.npy");
  await writeNpy(
    npy,
    new Float32Array(12).map((_, index) => index / 7),
    [4, 3],
  );
  const whole = { npy: await readFile(npy), safetensors: safetensors(4, 3) };
  await fuzz("files of vectors", 0.2, async (random) => {
    const kind = random.of(["npy", "safetensors"] as const);
    const file = path.join(folder, `spoilt.${kind}`);
    await writeFile(file, mutateBytes(random, whole[kind]));
    try {
      const { rows, width, numbers } = await readVectorTable(file);
      expect(numbers.length).toBe(rows * width);
      expect(numbers.every(Number.isFinite)).toBe(true);
    } catch (error) {
      expectClear(error);
    }
  });
});

test("texts and vectors of one's own", DAY, async () => {
  const texts = Buffer.from('{"id":"1","text":"a"}\n{"id":"2","text":"b"}\n{"id":3,"text":"c"}\n');
  const vectors = Buffer.from('{"id":"1","vector":[1,2.5]}\n{"id":"2","vector":[-3,4e2]}\n');
  const ids = Buffer.from("1\n2\n3\n4\n");
  await fuzz("texts and vectors of one's own", 0.12, async (random) => {
    const table = random.below(3) === 0;
    const users = path.join(folder, table ? "users.safetensors" : "users.jsonl");
    const from = table ? safetensors(4, 3) : random.of([texts, vectors]);
    await writeFile(users, random.below(2) === 0 ? from : mutateBytes(random, from));
    const userIds = path.join(folder, "ids.txt");
    await writeFile(userIds, mutateBytes(random, ids));
    const files = table ? { users, user_ids: userIds } : { users };
    try {
      const done = await runStage({
        ...{ runner: ownFilesRunner, params: {}, inputs: { dataset }, files },
      });
      if (done.error !== undefined) return expectWords(done.error.message);
      if (done.thrown !== undefined) return expectClear(done.thrown);
      expect(Object.values(done.result!.metrics).every(Number.isFinite)).toBe(true);
    } catch (error) {
      expectClear(error);
    }
  });
});

test("samples of one's own", DAY, () =>
  fuzz("samples of one's own", 0.1, (random) => {
    const text = JSON.stringify([
      { prompt: "p", answer: "a" },
      { instruction: "i", input: "", output: "o", system: "", history: [] },
    ]);
    const read = readSamples(mutateBytes(random, Buffer.from(text)).toString("utf8"));
    if (typeof read === "string") return expectWords(read);
    for (const one of read) {
      expect([one.instruction.trim(), one.output.trim()]).not.toContain("");
      expect(typeof one.input).toBe("string");
    }
  }),
);
