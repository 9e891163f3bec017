import { afterAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../../src/base/json.js";
import { readDataset, type Dataset } from "../../../../../runners/base/artifacts/dataset.js";
import { indexRaters, targetOf } from "../../../../../runners/base/prompts/index.js";
import { checkDataset } from "../../../../../runners/stages/dataset/settings.js";
import { datasetStage } from "../../../../../runners/stages/dataset/stage.js";
import { prepared, rated, removeFolders, tableOf, type Rated } from "./made.js";

afterAll(removeFolders);

/** Users of 13 to 40 interactions, who begin on different days; `part` says nothing about time. */
const rows = Array.from({ length: 12 }, (_, u) =>
  Array.from({ length: 13 + ((u * 7) % 28) }, (_unused, n) => ({
    ...rated[0]!,
    user: `u${u}`,
    item: String((u * 5 + n * 3) % 50),
    rating: String(1 + ((u + n) % 5)),
    time: String(1_400_000_000 + (u * 9 + n) * 86_400),
    part: (u + n) % 4 === 0 ? "test" : (u + n) % 7 === 0 ? "valid" : "train",
  })),
).flat();

const text = (all: readonly (Rated & { part: string })[]): string =>
  all.reduce(
    (lines, row) => `${lines}${[row.user, row.item, row.rating, row.time, row.part].join(",")}\n`,
    "user,item,rating,time,part\n",
  );

async function split(by: JsonObject): Promise<Dataset> {
  const outcome = await prepared({ "ratings.csv": text(rows) }, tableOf({}, { split: by }));
  expect(outcome.error).toBeUndefined();
  return readDataset(outcome.out);
}

const position = (data: Dataset, row: number): number =>
  row - data.offsets[data.interactionUser[row]!]!;

const at = "2014-06-12";
const all: readonly JsonObject[] = [
  { by: "time" },
  { by: "time", train: 0.6 },
  { by: "date", at },
  { by: "leave-last", n: 1 },
  { by: "leave-last", n: 3 },
  { by: "column", column: "part" },
  { by: "column", column: "part", test: "test" },
];

describe.each(all)("split %j", (by) => {
  test("tests nothing that is trained on, and holds out for validation what is", async () => {
    const data = await split(by);
    const train = new Set(data.train);
    expect(train.size).toBeGreaterThan(0);
    expect(data.test.length).toBeGreaterThan(0);
    expect(data.valid.length).toBeGreaterThan(0);
    expect(data.test.filter((row) => train.has(row))).toHaveLength(0);
    expect(data.valid.filter((row) => !train.has(row))).toHaveLength(0);
    for (const row of [...data.train, ...data.test])
      expect(position(data, row)).toBeGreaterThanOrEqual(11);
  });

  test("lets no text about an item, and no teacher, see an interaction that is not for training", async () => {
    const data = await split(by);
    const titled = { ...data, titles: Array<null>(data.items + 1).fill(null) };
    const tested = new Set(data.test);
    const raters = indexRaters(titled, "train", 1);
    for (let item = 1; item <= data.items; item++) {
      const { liker, disliker } = raters.of(item, null);
      for (const user of [liker, disliker]) {
        if (user === null) continue;
        const own = Array.from(
          { length: data.offsets[user + 1]! - data.offsets[user]! },
          (_, n) => data.offsets[user]! + n,
        );
        const shown = own.filter(
          (row) => data.interactionItem[row] === item && position(data, row) <= data.split[user]!,
        );
        expect(shown.length).toBeGreaterThan(0);
        expect(shown.filter((row) => tested.has(row))).toHaveLength(0);
      }
    }
    if (data.splitBy === undefined) return;
    for (let user = 1; user <= data.users; user++)
      if (data.split[user]! < 10) expect(targetOf(titled, user)).toBeNull();
  });
});

test("by date: every user is cut at the same time, in histories of training too", async () => {
  const data = await split({ by: "date", at });
  const seconds = Date.parse(`${at}T00:00:00Z`) / 1000;
  expect(data.train.every((row) => data.interactionTime[row]! < seconds)).toBe(true);
  expect(data.test.every((row) => data.interactionTime[row]! >= seconds)).toBe(true);
  const held = new Set(data.valid);
  const times = (of: readonly number[]): number[] => of.map((row) => data.interactionTime[row]!);
  const kept = [...data.train].filter((row) => !held.has(row));
  expect(Math.max(...times(kept))).toBeLessThanOrEqual(Math.min(...times([...held])));
  expect(held.size).toBe(Math.floor(data.train.length / 10));
  // Early raters are of before the date too: no text tells of later days.
  const early = indexRaters({ ...data, titles: [] }, "early", 1);
  for (let item = 1; item <= data.items; item++) {
    for (const user of Object.values(early.of(item, null)) as (number | null)[]) {
      if (user === null) continue;
      const own = Array.from({ length: 11 }, (_, n) => data.offsets[user]! + n);
      const seen = own.filter(
        (row) => data.interactionItem[row] === item && data.interactionTime[row]! < seconds,
      );
      expect(seen.length).toBeGreaterThan(0);
    }
  }
});

test("leave-last: the last n of each user, after all that is trained on; the n before are held out", async () => {
  const data = await split({ by: "leave-last", n: 3 });
  for (let user = 1; user <= data.users; user++) {
    const end = data.offsets[user + 1]!;
    const first = data.offsets[user]! + 11;
    const of = (column: Int32Array): number[] =>
      [...column].filter((row) => data.interactionUser[row] === user);
    const range = (from: number, to: number): number[] =>
      Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
    expect(of(data.test)).toEqual(range(Math.max(first, end - 3), end));
    expect(of(data.train)).toEqual(range(first, end - 3));
    expect(of(data.valid)).toEqual(range(Math.max(first, end - 6), end - 3));
  }
});

test("by column: rows are where the column says, in any order of rows", async () => {
  const data = await split({ by: "column", column: "part" });
  const part = new Map(rows.map((row) => [`${row.user} ${row.time}`, row.part]));
  const { out } = await prepared(
    { "ratings.csv": text([...rows].reverse()) },
    tableOf({}, { split: { by: "column", column: "part" } }),
  );
  expect(await readDataset(out)).toEqual(data);
  const users = rows.map(({ user }) => user);
  const names = [...new Set(users)].sort();
  const partOf = (row: number): string | undefined =>
    part.get(`${names[data.interactionUser[row]! - 1]} ${data.interactionTime[row]}`);
  expect(data.test.every((row) => partOf(row) === "test")).toBe(true);
  expect(data.valid.every((row) => partOf(row) === "valid")).toBe(true);
  expect(data.train.every((row) => partOf(row) !== "test")).toBe(true);
});

test("by column: the column is found beside fields of the context", async () => {
  const data = await split({ by: "column", column: "part" });
  const block = tableOf({ fields: ["time"] }, { split: { by: "column", column: "part" } });
  const { out, error } = await prepared({ "ratings.csv": text(rows) }, block);
  expect(error).toBeUndefined();
  const { test: tested, valid, train } = await readDataset(out);
  expect({ tested, valid, train }).toEqual({
    tested: data.test,
    valid: data.valid,
    train: data.train,
  });
});

test("by column: training samples after test samples are counted in a mark of the result", async () => {
  const { result } = await prepared(
    { "ratings.csv": text(rows) },
    tableOf({}, { split: { by: "column", column: "part" } }),
  );
  expect(result?.marks?.["split"]).toMatch(
    /^\d+ of \d+ training samples come after a test sample of their user/,
  );
  const inOrder = rows.map((row, n) => ({
    ...row,
    part: rows[n + 2]?.user === row.user ? "train" : "test",
  }));
  const other = await prepared(
    { "ratings.csv": text(inOrder) },
    tableOf({}, { split: { by: "column", column: "part" } }),
  );
  expect(other.error).toBeUndefined();
  expect(other.result?.marks).toBeUndefined();
});

test("a value of a column that is no part is named", async () => {
  const { error } = await prepared(
    { "ratings.csv": text(rows.map((row) => ({ ...row, part: row.part === "test" ? "3" : "1" }))) },
    tableOf({}, { split: { by: "column", column: "part" } }),
  );
  expect(error?.message).toContain(
    'part is "1", not train, valid or test; give the value of the rows for testing: dataset.split.test',
  );
});

test("the usual share is no parameter: such a data set is the one that there was", () => {
  const params = (split: JsonObject): JsonObject =>
    datasetStage({ dataset: { id: "ml-100k", split } }, { folder: "/" }).params;
  expect(params({ by: "time", train: 0.8 })).toEqual(params({ by: "time" }));
  expect(params({ by: "users" })).toEqual(params({ by: "time" }));
  expect(params({ by: "time", train: 0.7 })).not.toEqual(params({ by: "time" }));
});

test.each([
  [{ by: "date", at: "in May" }, "dataset.split.at: in May is no date"],
  [{ by: "column", column: "part" }, "dataset.split: ml-100k has no column"],
])("a split that can't be is a mistake: %j", (by, message) => {
  const findings = checkDataset({ dataset: { id: "ml-100k", split: by } }, { folder: "/" });
  expect(findings.map(({ path, message: said }) => `${path}: ${said}`).join()).toContain(message);
});
