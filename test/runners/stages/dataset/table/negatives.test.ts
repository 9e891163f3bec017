import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDataset, type Dataset } from "../../../../../runners/base/artifacts/dataset.js";
import { withNegatives } from "../../../../../runners/base/artifacts/negatives.js";
import { splitByUsers } from "../../../../../runners/base/artifacts/split.js";
import { loadCtrData } from "../../../../../runners/stages/ctr/data/load.js";
import { positionsOf } from "../../../../../runners/stages/ctr/data/interactions.js";
import { batchOf } from "../../../../../runners/stages/ctr/data/batch.js";
import { makeColumns } from "../../../../../runners/stages/ctr/data/columns.js";
import { drawNegatives } from "../../../../../runners/stages/dataset/negatives.js";
import { datasetStage } from "../../../../../runners/stages/dataset/stage.js";
import type { JsonObject } from "../../../../../src/base/json.js";
import { deviceOfProcess, tf } from "../../../../../runners/stages/ctr/tensorflow.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../../support/toolchain.js";
import type { StageOutcome } from "../stage.js";
import { delimited, found, prepared, rated, removeFolders, tableOf } from "./made.js";

afterAll(removeFolders);

const NEGATIVES = 3;
/** 60 items, so that users lack most of them. */
const wide = rated.map((row, n) => ({ ...row, item: `i${(Number(row.item) * 7 + n) % 60}` }));

/** A table of implicit feedback: no ratings, a column that says the part. */
const block = (implicit: JsonObject, split: JsonObject = { by: "time" }): JsonObject => ({
  id: "table",
  interactions: { file: "clicks.csv", user: "user", item: "item", time: "time" },
  label: { implicit: { negatives: NEGATIVES, ...implicit } },
  split,
});

const clicks = (rows: readonly (typeof wide)[number][]): string =>
  delimited(rows, ",", ["user", "item", "time"]);

const drawn = async (
  implicit: JsonObject,
  split?: JsonObject,
  rows = wide,
): Promise<StageOutcome> => {
  const outcome = await prepared({ "clicks.csv": clicks(rows) }, block(implicit, split));
  expect(outcome.error).toBeUndefined();
  return outcome;
};

/** Items of each interaction's negatives, by raw-like key: the user's number and position. */
function itemsByPlace(data: Dataset): ReadonlyMap<string, readonly number[]> {
  const items = new Map<string, number[]>();
  data.negatives!.of.forEach((row, m) => {
    const user = data.interactionUser[row]!;
    const key = `${user} ${row - data.offsets[user]!}`;
    items.set(key, [...(items.get(key) ?? []), data.negatives!.item[m]!]);
  });
  return items;
}

describe.each([{ by: "uniform" }, { by: "popularity" }])("negatives drawn $by", ({ by }) => {
  test.each<JsonObject>([
    { by: "time" },
    { by: "leave-last", n: 2 },
    { by: "date", at: "2014-05-25T16:00:00" },
  ])("with the split %o are items that the user has in no split, all different", async (split) => {
    const { out, result } = await drawn({ by }, split);
    const data = await readDataset(out);
    const samples = [...data.train, ...data.test].sort((a, b) => a - b);
    expect(samples.length).toBeGreaterThan(0);
    const had = new Set(
      data.interactionItem.map((item, row) => data.interactionUser[row]! * 1000 + item),
    );
    expect([...new Set(data.negatives!.of)]).toEqual(samples);
    for (const row of samples) {
      const items = data.negatives!.item.filter((_, m) => data.negatives!.of[m] === row);
      expect(items).toHaveLength(NEGATIVES);
      expect(new Set(items).size).toBe(NEGATIVES);
      for (const item of items) {
        expect(had.has(data.interactionUser[row]! * 1000 + item)).toBe(false);
        expect(item).toBeGreaterThanOrEqual(1);
        expect(item).toBeLessThanOrEqual(data.items);
      }
    }
    for (const part of ["train", "valid", "test"] as const) {
      const positives = result!.metrics[`${part}.positives`];
      expect(positives).toBe(data[part].length);
      expect(result!.metrics[`${part}.samples`]).toBe(data[part].length * (1 + NEGATIVES));
    }
    expect(result!.metrics["negatives"]).toBe(samples.length * NEGATIVES);
  });
});

test("the seed of the data set decides the draws, not the order of rows or another split", async () => {
  const once = itemsByPlace(await readDataset((await drawn({ seed: 1 })).out));
  const turned = itemsByPlace(
    await readDataset((await drawn({}, undefined, [...wide].reverse())).out),
  );
  expect(turned).toEqual(once);
  const last = itemsByPlace(await readDataset((await drawn({}, { by: "leave-last", n: 3 })).out));
  const shared = [...last].filter(([place]) => once.has(place));
  expect(shared.length).toBeGreaterThan(0);
  for (const [place, items] of shared) expect(items).toEqual(once.get(place));
  const other = itemsByPlace(await readDataset((await drawn({ seed: 2 })).out));
  expect([...other.keys()]).toEqual([...once.keys()]);
  expect(other).not.toEqual(once);
});

test("by popularity nothing is drawn that only a test has, and popular items come more often", () => {
  // Items 1 to 4 have 1, 10, 1 and 30 interactions by users without samples; user 1 has item 5, twice.
  const counts = [1, 10, 1, 30];
  const others = counts.flatMap((count, i) => Array.from({ length: count }, () => i + 1));
  const rows = Int32Array.from({ length: 400 }, (_, n) => n);
  const data = {
    items: 6,
    offsets: Int32Array.of(0, 0, 400, 400 + others.length + 1),
    interactionUser: Int32Array.from({ length: 401 + others.length }, (_, n) => (n < 400 ? 1 : 2)),
    // The last interaction is the only one of item 6, and tested.
    interactionItem: Int32Array.from([...rows.map(() => 5), ...others, 6]),
    test: Int32Array.of(400 + others.length),
  };
  const implicit = { negatives: 1, by: "popularity", seed: 1 } as const;
  const { negatives } = drawNegatives(data, rows, ["", "a", "b"], implicit);
  const times = (item: number): number => negatives.item.filter((each) => each === item).length;
  expect(times(5) + times(6)).toBe(0);
  expect(times(1) + times(2) + times(3) + times(4)).toBe(400);
  // 10/42 and 30/42 of 400: 95 and 286, within four standard deviations.
  expect(Math.abs(times(2) - 95)).toBeLessThan(35);
  expect(Math.abs(times(4) - 286)).toBeLessThan(37);
});

test("a user who lacks fewer items than asked for has all of them, and a warning counts such users", async () => {
  const { out, notes } = await drawn({ negatives: 50 });
  const data = await readDataset(out);
  const user = data.interactionUser[data.test[0]!]!;
  const had = new Set(data.interactionItem.filter((_, row) => data.interactionUser[row] === user));
  const items = [...data.negatives!.item].filter((_, m) => data.negatives!.of[m] === data.test[0]);
  expect(items.sort((a, b) => a - b)).toEqual(
    Array.from({ length: data.items }, (_, i) => i + 1).filter((item) => !had.has(item)),
  );
  expect(notes.join()).toMatch(/6 users, such as "u\d", lack fewer than 50 items/);
});

test("with a split by users a negative goes where its interaction goes", async () => {
  const data = await readDataset((await drawn({})).out);
  const ids = Array.from({ length: data.users + 1 }, (_, user) => String(user));
  const split = splitByUsers(data, ids, { by: "users", folds: 2, fold: 1 });
  const samples = withNegatives({ ...data, ...split });
  for (const part of ["train", "valid", "test"] as const) {
    const rows = new Set(split[part]);
    expect(samples[part].length).toBe(rows.size * (1 + NEGATIVES));
    for (const row of samples[part]) expect(rows.has(samples.anchor![row]!)).toBe(true);
  }
});

test("a rating beside it is refused, and so is a data set that has ratings", async () => {
  const files = { "ratings.csv": delimited(rated) };
  expect(await found(files, tableOf({}, { label: { implicit: {} } }))).toEqual([
    expect.stringContaining(
      "dataset.interactions.rating: with label.implicit every interaction is positive",
    ),
  ]);
  expect(await found({ "clicks.csv": clicks(wide) }, block({}))).toEqual([]);
  expect((await found({}, { id: "ml-1m", path: ".", label: { implicit: {} } })).join()).toContain(
    "ml-1m has ratings, of which not all are positive",
  );
});

test("how negatives are drawn is part of the data set's parameters, complete", () => {
  const paramsOf = (implicit: JsonObject): JsonObject =>
    datasetStage({ dataset: block(implicit) }, { folder: "/" }).params;
  expect(paramsOf({})["implicit"]).toEqual({ negatives: NEGATIVES, by: "uniform", seed: 1 });
  expect(paramsOf({ seed: 1, by: "uniform" })).toEqual(paramsOf({}));
});

describe("a negative in a batch", () => {
  beforeAll(() => testToolchain("tensorflow"), INSTALL_TIMEOUT);

  test("has the history of its interaction, another item and the label 0", async () => {
    const { out } = await drawn({});
    const data = await loadCtrData({ dataset: out }, { pick: "valid", history_length: 5 });
    const columns = makeColumns(
      deviceOfProcess(),
      { ...data.dataset, position: positionsOf(data.dataset) },
      null,
    );
    for (const full of [true, false]) {
      const rows = tf.tensor2d(Array.from(data.test.rows), [1, data.test.rows.length], "int32");
      const { batch, label } = batchOf(columns, rows, { historyLength: 5 }, full, null);
      const histories = (await batch.historyItems.array()) as number[][][];
      const lengths = (await batch.historyLength.array()) as number[][];
      const items = (await batch.item.array()) as number[][];
      const labels = (await label.array()) as number[][];
      expect(items[0]).toEqual(
        Array.from(data.test.rows, (row) => data.dataset.interactionItem[row]),
      );
      data.test.rows.forEach((row, at) => {
        const behind = data.dataset.anchor![row]!;
        expect(histories[0]![at]).toEqual([
          ...data.dataset.interactionItem.slice(behind - 5, behind),
        ]);
        expect(lengths[0]![at]).toBe(5);
        expect(labels[0]![at]).toBe(row === behind ? 1 : 0);
        expect(data.test.labels[at]).toBe(row === behind ? 1 : 0);
      });
    }
    expect(data.fullHistory).toBe(true);
    columns.dispose();
  });
});
