import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDataset, readItems, readUsers } from "../../../../runners/base/artifacts/dataset.js";
import { prepare, removeFolders, type StageOutcome } from "./stage.js";

const data = join(import.meta.dirname, "../../../data/amazon");
afterAll(removeFolders);

interface Expected {
  readonly users: Record<string, { items: string[]; ratings: number[]; split: number }>;
  readonly items: Record<string, { title: string | null; attributes: (string | null)[] }>;
  readonly counts: Record<string, number>;
}

let outcome: StageOutcome;
let expected: Expected;
beforeAll(async () => {
  expected = JSON.parse(await readFile(join(data, "expected.json"), "utf8")) as Expected;
  outcome = await prepare(
    {
      id: "amazon-books",
      reviews: "Books_5.json.gz",
      metadata: "meta_Books.json.gz",
      user_core: 20,
      item_core: 8,
    },
    data,
  );
});

test("the golden files give the expected sequences, ratings and splits", async () => {
  const dataset = await readDataset(outcome.out);
  const users = await readUsers(outcome.out);
  const items = await readItems(outcome.out);
  const sequences = Object.fromEntries(
    users.map(({ index, id }) => {
      const from = dataset.offsets[index]!;
      const to = dataset.offsets[index + 1]!;
      expect([...dataset.interactionUser.subarray(from, to)]).toEqual(Array(to - from).fill(index));
      const sequence = {
        items: [...dataset.interactionItem.subarray(from, to)].map((item) => items[item - 1]!.id),
        ratings: [...dataset.interactionRating.subarray(from, to)],
        split: dataset.split[index],
      };
      return [id, sequence];
    }),
  );
  expect(sequences).toEqual(expected.users);
});

test("the golden files give the expected titles and attributes", async () => {
  const items = await readItems(outcome.out);
  const texts = items.map(({ id, title, attributes }) => [id, { title, attributes }] as const);
  expect(Object.fromEntries(texts)).toEqual(expected.items);
});

test("the golden files give the expected counts", async () => {
  const { counts } = expected;
  expect(outcome.result?.metrics).toMatchObject({
    users: counts["users"],
    items: counts["items_with_metadata"],
    attributes: counts["attributes"],
    "train.samples": counts["train"],
    "train.positives": counts["train_positive"],
    "test.samples": counts["test"],
    "test.positives": counts["test_positive"],
  });
});

test("equal attribute texts have equal ids, and unknown has one of its own", async () => {
  const dataset = await readDataset(outcome.out);
  const items = await readItems(outcome.out);
  const byId = new Map<number, string | null>();
  for (const { index, attributes } of items) {
    attributes.forEach((text, field) => {
      const id = dataset.itemAttributes[index * 2 + field]!;
      expect(byId.get(id) ?? text).toBe(text);
      byId.set(id, text);
    });
  }
  expect([...byId.keys()].sort((a, b) => a - b)).toEqual(
    Array.from({ length: dataset.attributes }, (_, i) => i + 1),
  );
  expect([...dataset.itemAttributes.subarray(0, 2)]).toEqual([0, 0]);
});

test("reviews without a rating are told about", () => {
  expect(outcome.notes.some((note) => /51 reviews without a rating/.test(note))).toBe(true);
});
