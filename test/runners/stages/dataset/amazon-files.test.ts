import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readdir } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeReviews } from "../../../../bench/dataset/generate.js";
import { checkDataset } from "../../../../runners/stages/dataset/settings.js";
import { readDataset } from "../../../../runners/base/artifacts/dataset.js";
import { newFolder, prepare, removeFolders, type StageOutcome } from "./stage.js";

const data = join(import.meta.dirname, "../../../data/amazon");
afterAll(removeFolders);

let lines: string[];
let golden: StageOutcome;
beforeAll(async () => {
  lines = gunzipSync(await readFile(join(data, "Books_5.json.gz")))
    .toString("utf8")
    .trim()
    .split("\n");
  golden = await withReviews(gzipSync(lines.join("\n")));
});

/** Prepares the golden files with other reviews. */
async function withReviews(bytes: Buffer, name = "reviews.json.gz"): Promise<StageOutcome> {
  const reviews = join(await newFolder(), name);
  await writeFile(reviews, bytes);
  return prepare({
    id: "amazon-books",
    reviews,
    metadata: join(data, "meta_Books.json.gz"),
    user_core: 20,
    item_core: 8,
  });
}

const inserted = (line: string, at: number, times = 1): Buffer =>
  gzipSync(
    [...lines.slice(0, at), ...Array<string>(times).fill(line), ...lines.slice(at)].join("\n"),
  );

test.each([
  ["not JSON", '{"reviewerID": "A1", "asin"', /line 101: not JSON/],
  [
    "a rating out of range",
    '{"reviewerID":"A1","asin":"B","overall":7,"unixReviewTime":1}',
    /line 101: overall is 7, not a whole number from 1 to 5/,
  ],
  [
    "a rating as text",
    '{"reviewerID":"A1","asin":"B","overall":"5","unixReviewTime":1}',
    /line 101: overall is "5"/,
  ],
  ["no user", '{"asin":"B","overall":5,"unixReviewTime":1}', /line 101: no reviewerID/],
  ["no time", '{"reviewerID":"A1","asin":"B","overall":5}', /line 101: unixReviewTime is missing/],
  ...['\\"A1\\"', " A1", "A1 ", "'A1'", "A1\\t", "\\ufeffA1", "A1\u00a0"].flatMap(
    (id): [string, string, RegExp][] => [
      [
        `a user's id as ${JSON.stringify(id)}`,
        `{"reviewerID":"${id}","asin":"B","overall":5,"unixReviewTime":1}`,
        /line 101: reviewerID is ".*": an id begins and ends with no blank and no quote/,
      ],
      [
        `an item's id as ${JSON.stringify(id)}`,
        `{"reviewerID":"A","asin":"${id}","overall":5,"unixReviewTime":1}`,
        /line 101: asin is ".*": an id begins and ends with no blank and no quote/,
      ],
    ],
  ),
  ["not an object", "[]", /line 101: not a JSON object/],
])("a line with %s is left out, counted and named", async (_, line, message) => {
  const { out, result, notes } = await withReviews(inserted(line, 100));
  expect(result?.metrics).toEqual({ ...golden.result?.metrics, "dropped.unreadable": 1 });
  expect((await readDataset(out)).interactionItem).toEqual(
    (await readDataset(golden.out)).interactionItem,
  );
  const note = notes.find((text) => text.includes("can't be used"));
  expect(note).toMatch(/1 of 4191 lines/);
  expect(note).toMatch(message);
});

test("more than 0.1 % of bad lines is an error that names the first ones", async () => {
  const { error, result, out } = await withReviews(inserted("{'reviewerID': 'A1'}", 100, 5));
  expect(result).toBeUndefined();
  expect(error?.kind).toBe("spec");
  expect(error?.message).toMatch(
    /5 of 4195 lines can't be used \(at most 0\.1 % may be bad\): line 101: .*looks like Python/,
  );
  expect(await readdir(out)).toEqual([]);
});

test("a truncated gzip file is an error, and nothing is kept", async () => {
  const whole = gzipSync(lines.join("\n"));
  for (const end of [whole.length - 1, whole.length - 8, whole.length >> 1, 30]) {
    const { error, result, out } = await withReviews(whole.subarray(0, end));
    expect(result).toBeUndefined();
    expect(error?.message).toMatch(/reviews\.json\.gz is not complete/);
    expect(await readdir(out)).toEqual([]);
  }
});

test.each([
  [
    "damaged",
    (whole: Buffer) =>
      Buffer.concat([whole.subarray(0, 5000), Buffer.alloc(50), whole.subarray(5050)]),
    /is damaged/,
  ],
  ["empty", () => Buffer.alloc(0), /is empty/],
  ["without lines", () => gzipSync("\n\n"), /holds no lines/],
  ["not gzipped", () => Buffer.from("{}\n"), /is not a gzip file/],
  [
    "one endless line",
    () => gzipSync(Buffer.alloc(17 << 20, 0x20)),
    /:1: a line of more than 16 MB/,
  ],
])("a file that is %s is an error", async (_, change, message) => {
  const { error, result } = await withReviews(change(gzipSync(lines.join("\n"))));
  expect(result).toBeUndefined();
  expect(error?.message).toMatch(message);
});

test("several gzip members, plain text, Windows line ends and escapes make no difference", async () => {
  const half = lines.length >> 1;
  const members = Buffer.concat([
    gzipSync(lines.slice(0, half).join("\n") + "\n"),
    gzipSync(lines.slice(half).join("\n") + "\n"),
  ]);
  expect((await withReviews(members)).result).toEqual(golden.result);
  const windows = Buffer.from(lines.join("\r\n") + "\r\n");
  expect((await withReviews(windows, "reviews.json")).result).toEqual(golden.result);
  // Every id with an escape: the fast path can't take these lines.
  const escaped = lines.map((line) => line.replace('"reviewerID": "A', '"reviewerID": "\\u0041'));
  const slow = await withReviews(gzipSync(escaped.join("\n")));
  expect(slow.result).toEqual(golden.result);
  expect(await readDataset(slow.out)).toEqual(await readDataset(golden.out));
});

test("cores that leave nothing, and metadata about other items, are errors", async () => {
  const settings = {
    id: "amazon-books",
    reviews: "Books_5.json.gz",
    metadata: "meta_Books.json.gz",
  };
  const none = await prepare(settings, data);
  expect(none.error?.message).toMatch(/none passes user_core 60 with item_core 40/);
  const metadata = join(await newFolder(), "meta.json");
  await writeFile(metadata, '{"asin": "elsewhere", "title": "A title"}\n');
  const other = await prepare({ ...settings, metadata, user_core: 20, item_core: 8 }, data);
  expect(other.error?.message).toMatch(/describes none of the \d+ items/);
});

test("dropped titles are a setting", async () => {
  const settings = {
    id: "amazon-books",
    reviews: "Books_5.json.gz",
    metadata: "meta_Books.json.gz",
  };
  const kept = await prepare({ ...settings, user_core: 20, item_core: 8, drop_titles: [] }, data);
  expect(kept.result?.metrics["items"]).toBe(golden.result!.metrics["items"]! + 1);
});

test("what is missing is found before anything runs", () => {
  const findings = checkDataset(
    { dataset: { id: "amazon-books", reviews: "no.gz" } },
    { folder: data },
  );
  expect(findings.map(({ path, message }) => [path, message])).toEqual([
    ["dataset.reviews", "there is no file no.gz"],
    ["dataset.metadata", expect.stringContaining("amazon-books needs `metadata`")],
  ]);
});

test("memory does not grow with the reviews beyond ids and columns", async () => {
  const folder = await newFolder();
  const peak = async (rows: number): Promise<number> => {
    const file = join(folder, `${rows}.json.gz`);
    await writeReviews(file, rows);
    const program = join(import.meta.dirname, "../../../../dist/bench/dataset/read.js");
    // A heap this small would not hold the parsed reviews, nor their ids as strings.
    const { stdout } = await execa(process.execPath, [
      "--max-old-space-size=24",
      program,
      "reviews",
      file,
    ]);
    const pass = JSON.parse(stdout) as { rows: number; rss: number };
    expect(pass.rows).toBe(rows);
    return pass.rss;
  };
  // Both are large enough for every buffer on the way to be full.
  const small = await peak(60_000);
  const large = await peak(180_000);
  // The further 120,000 reviews are 90 MB of text; ids and columns are a tenth of that, and the
  // rest of the allowance is for pieces that the collector has not come to yet.
  expect(large - small).toBeLessThan(45);
}, 240_000);
