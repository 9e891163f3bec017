import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readDataset, type Dataset } from "../../../../../runners/base/artifacts/dataset.js";
import { sideVectors, writeVectors } from "../../../../../runners/base/artifacts/write-vectors.js";
import { readNpy } from "../../../../../runners/base/files/npy.js";
import type { ArraysInfo } from "../../../../../runners/stages/ctr/own-program/arrays/info.js";
import { perField } from "../../../../../runners/stages/ctr/own-program/arrays/per-field.js";
import { arraysRunner } from "../../../../../runners/stages/ctr/own-program/arrays/runner.js";
import { newFolder, removeFolders, runStage } from "../../../../support/stage.js";
import { smallDataset } from "./stages.js";

const HISTORY = 14;
let folder: string;
let data: Dataset;
let inputs: { dataset: string };
beforeAll(async () => {
  inputs = { dataset: await smallDataset() };
  data = await readDataset(inputs.dataset);
  folder = await write(inputs);
}, 60_000);
afterAll(removeFolders);

async function write(from: { [name: string]: string }): Promise<string> {
  const params = { history_length: HISTORY };
  const { out, error } = await runStage({ runner: arraysRunner as never, params, inputs: from });
  expect(error).toBeUndefined();
  return out;
}
const read = async (name: string) => readNpy(path.join(folder, `${name}.npy`));
const info = async (): Promise<ArraysInfo> =>
  JSON.parse(await readFile(path.join(folder, "arrays.json"), "utf8")) as ArraysInfo;

it("are the samples of each split, in their order, training without validation", async () => {
  const held = new Set(data.valid);
  const rows = {
    train: data.train.filter((row) => !held.has(row)),
    valid: data.valid,
    test: data.test,
  };
  for (const [split, of] of Object.entries(rows)) {
    expect(of.length).toBeGreaterThan(0);
    expect((await read(`${split}.user`)).data).toEqual(of.map((row) => data.interactionUser[row]!));
    expect((await read(`${split}.item`)).data).toEqual(of.map((row) => data.interactionItem[row]!));
  }
  const { train, valid, test } = rows;
  const samples = { train: train.length, valid: valid.length, test: test.length };
  expect((await info()).samples).toEqual(samples);
});

it("hold histories oldest first with zeros behind the newest, of the sample's own user", async () => {
  for (const split of ["train", "valid", "test"] as const) {
    const held = new Set(split === "train" ? data.valid : []);
    const rows = data[split].filter((row) => !held.has(row));
    const items = await read(`${split}.history_item`);
    const ratings = await read(`${split}.history_rating`);
    const lengths = await read(`${split}.history_length`);
    expect(items.shape).toEqual([rows.length, HISTORY]);
    rows.forEach((row, at) => {
      // All earlier rows of the user, the last ones of them.
      const before = [...data.interactionUser.keys()]
        .filter((other) => other < row && data.interactionUser[other] === data.interactionUser[row])
        .slice(-HISTORY);
      const pad = Array.from({ length: HISTORY - before.length }, () => 0);
      const here = (array: ArrayLike<number>): number[] =>
        Array.from(array).slice(at * HISTORY, (at + 1) * HISTORY);
      expect(lengths.data[at]).toBe(before.length);
      expect(here(items.data)).toEqual([
        ...before.map((one) => data.interactionItem[one]!),
        ...pad,
      ]);
      expect(here(ratings.data)).toEqual([
        ...before.map((one) => data.interactionRating[one]!),
        ...pad,
      ]);
    });
    // Both kinds are there: cut off, and padded.
    if (split === "train") expect(new Set(lengths.data).size).toBeGreaterThan(1);
  }
});

it("hold labels of training and validation alone", async () => {
  const labels = await read("valid.label");
  expect(labels.dtype).toBe("<f4");
  expect(Array.from(labels.data)).toEqual(
    Array.from(data.valid, (row) => Number(data.interactionRating[row]! > data.likeAbove)),
  );
  expect(existsSync(path.join(folder, "train.label.npy"))).toBe(true);
  expect(readdirSync(folder).filter((name) => /^test\..*label/.test(name))).toEqual([]);
});

it("number attributes within their field", async () => {
  const { numbers, values } = perField({
    attributeFields: ["genre", "year"],
    itemAttributes: Int32Array.of(0, 0, 1, 5, 3, 4, 1, 0),
  });
  expect([Array.from(numbers), values]).toEqual([
    [0, 0, 1, 2, 2, 1, 1, 0],
    [2, 2],
  ]);
  const { attributes } = await info();
  const table = await read("item_attributes");
  expect(table.shape).toEqual([data.items + 1, attributes.length]);
  expect(attributes.map(({ name }) => name)).toEqual(data.attributeFields);
});

it("hold the knowledge as tables by number of user and item, where there is any", async () => {
  expect((await info()).knowledge).toBeNull();
  expect(existsSync(path.join(folder, "user_knowledge.npy"))).toBe(false);
  const embed = await newFolder();
  const rows = (count: number, width: number) =>
    sideVectors(count, width, [[2, Float32Array.from({ length: width }, (_, at) => at + 1)]]);
  const users = rows(data.users, 3);
  const items = rows(data.items, 2);
  await writeVectors(embed, { model: "m", users, items });
  const out = await write({ ...inputs, embed });
  const kept = await readNpy(path.join(out, "user_knowledge.npy"));
  expect([kept.shape, kept.data]).toEqual([[data.users + 1, 3], users.numbers]);
  expect((await readNpy(path.join(out, "item_knowledge.npy"))).data).toEqual(items.numbers);
  const text = await readFile(path.join(out, "arrays.json"), "utf8");
  expect((JSON.parse(text) as ArraysInfo).knowledge).toEqual({ user: 3, item: 2 });
});
