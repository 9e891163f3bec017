import { afterAll, describe, expect, test } from "vitest";
import { readDataset } from "../../../../runners/base/artifacts/dataset.js";
import {
  readSampleRows,
  type SampleRows,
  withNegatives,
} from "../../../../runners/base/artifacts/negatives.js";
import { splitByUsers } from "../../../../runners/base/artifacts/split.js";
import {
  fitFields,
  type FittedFields,
  unknownSamples,
} from "../../../../runners/base/fields/fit.js";
import type { JsonObject } from "../../../../src/base/json.js";
import { prepared, removeFolders } from "../../stages/dataset/table/made.js";

afterAll(removeFolders);

/** Ratings of six users, 15 each: positions 11 and 12 are trained on, 13 and 14 tested. */
const rows = Array.from({ length: 90 }, (_, n) => {
  const [user, position] = [n % 6, Math.floor(n / 6)];
  return {
    ...{ user: `u${user}`, position, rating: 1 + ((user + position) % 5) },
    item: String((user * 3 + position) % 20).padStart(3, "0"),
    time: 1_400_000_000 + position * 86_400 + user,
  };
});

interface Made {
  readonly device: (position: number, user: string) => string;
  readonly price: (position: number, user: string) => number | "";
  readonly country: (user: string) => string;
  readonly tags: (item: number) => string;
}
const plain: Made = {
  device: (position) => (position < 13 ? "phone" : "desk"),
  price: (position, user) => position * 10 + Number(user.slice(1)),
  country: (user) => (user === "u5" ? "" : `c${user}`),
  tags: (item) => ["a", "a|b", "c", "b|c|d"][item % 4]!,
};

async function made(
  of: Partial<Made> = {},
  fields: readonly JsonObject[] = [],
): Promise<SampleRows> {
  const { device, price, country, tags } = { ...plain, ...of };
  const line = (row: (typeof rows)[number]): string => {
    const place = row.position;
    return [
      row.user,
      row.item,
      row.rating,
      row.time,
      device(place, row.user),
      price(place, row.user),
    ].join(",");
  };
  const files = {
    "ratings.csv": ["user,item,rating,time,device,price", ...rows.map(line)].join("\n"),
    "users.tsv": [
      "user\tcountry",
      ...Array.from({ length: 6 }, (_, n) => `u${n}\t${country(`u${n}`)}`),
    ].join("\n"),
    "items.csv": [
      "item,tags",
      ...Array.from({ length: 20 }, (_, n) => `${String(n).padStart(3, "0")},${tags(n)}`),
    ].join("\n"),
  };
  const { out, error } = await prepared(files, {
    id: "table",
    interactions: {
      ...{ file: "ratings.csv", user: "user", item: "item", rating: "rating", time: "time" },
      fields: [
        "device",
        { column: "price", standardise: true },
        { column: "price", name: "bucket", buckets: 3 },
        ...fields,
      ],
    },
    users: { file: "users.tsv", user: "user", fields: ["country"] },
    items: { file: "items.csv", item: "item", fields: [{ column: "tags", separator: "|" }] },
    label: { above: 3 },
  });
  expect(error).toBeUndefined();
  return readSampleRows(out);
}

const fieldOf = ({ fields }: FittedFields, name: string): FittedFields["fields"][number] =>
  fields.find((field) => field.name === name)!;

/** Rows of training samples without validation, by position: 11 and 12 of each user. */
const trained = (data: SampleRows): number[] => {
  const held = new Set(data.valid);
  return [...data.train].filter((row) => !held.has(row));
};
const numberAt = (data: SampleRows, name: string, row: number): number => {
  const field = data.fields!.find((each) => each.name === name)!;
  return Number(field.texts[field.value[row]!]);
};

test("means, deviations and edges are those of the training samples, by hand", async () => {
  const data = await made();
  const fitted = fitFields(data)!;
  const prices = trained(data).map((row) => numberAt(data, "price", row));
  expect(prices.length).toBe(12);
  const mean = prices.reduce((sum, price) => sum + price, 0) / 12;
  const variance = prices.reduce((sum, price) => sum + (price - mean) ** 2, 0) / 12;
  expect(fieldOf(fitted, "price").mean).toBeCloseTo(mean, 9);
  expect(fieldOf(fitted, "price").deviation).toBeCloseTo(Math.sqrt(variance), 9);
  const sorted = prices.sort((a, b) => a - b);
  expect([...fieldOf(fitted, "bucket").edges!]).toEqual([sorted[4], sorted[8]]);
  const { slots, ids, weights } = fitted.tables.context!;
  expect(slots).toBe(1 + 2 + 1);
  const row = data.test[0]!;
  // A number of a test sample is standardised by training, whatever it is.
  expect(weights[row * slots + 2]).toBeCloseTo(
    (numberAt(data, "price", row) - mean) / Math.sqrt(variance),
    5,
  );
  expect(ids[row * slots + 3]).toBe(fieldOf(fitted, "bucket").ids.get("2"));
});

test("nothing of a validation or test sample changes what is fitted", async () => {
  const once = fitFields(await made())!;
  const other = fitFields(
    await made({
      device: (position) => (position < 13 ? "phone" : "never seen"),
      price: (position, user) => (position < 13 ? plain.price(position, user) : 1e6 * position),
    }),
  )!;
  expect(other.fields).toEqual(once.fields);
  expect([...fieldOf(once, "device").ids.keys()]).toEqual(["phone"]);
});

test("what training has not seen is nothing, and is counted", async () => {
  const data = await made({ country: (user) => (user === "u5" ? "" : `c${user}`) });
  const split = splitByUsers(data, ["", ...Array.from({ length: 6 }, (_, n) => `u${n}`)], {
    by: "users",
    folds: 3,
    fold: 1,
  });
  const samples = withNegatives({ ...data, ...split });
  const fitted = fitFields(samples)!;
  const users = new Set(trained(samples).map((row) => samples.interactionUser[row]!));
  const country = samples.fields!.find(({ name }) => name === "country")!;
  const known = [...users].map((user) => country.texts[country.value[user]!]!);
  // Users of other folds and held-out ones are not among the categories.
  expect(users.size).toBe(4);
  expect(new Set(fieldOf(fitted, "country").ids.keys())).toEqual(new Set(known));
  const { ids, weights } = fitted.tables.user!;
  for (const row of samples.test) {
    const user = samples.interactionUser[row]!;
    expect([ids[user], weights[user]]).toEqual([0, 0]);
  }
  expect(unknownSamples(samples, fitted, samples.test)).toMatchObject({
    country: samples.test.length,
  });
  const usual = fitFields(data)!;
  expect(unknownSamples(data, usual, data.test)).toMatchObject({
    country: 0,
    device: data.test.length,
    price: 0,
  });
  expect([
    ...usual.tables.user!.ids.slice(0, 1),
    ...usual.tables.user!.weights.slice(0, 1),
  ]).toEqual([0, 0]);
});

describe("several values of one row", () => {
  test("count alike, the unknown ones not at all", async () => {
    const data = await made();
    const fitted = fitFields(data)!;
    const tags = fieldOf(fitted, "tags");
    expect(tags.slots).toBe(3);
    expect([...tags.ids.keys()]).toEqual(["a", "b", "c", "d"]);
    const { ids, weights, slots } = fitted.tables.item!;
    expect(slots).toBe(3);
    const raw = data.fields!.find(({ name }) => name === "tags")!;
    for (let item = 1; item <= data.items; item++) {
      const values = raw.texts[raw.value[item]!]!.split("\u001f");
      const here = [0, 1, 2].map((slot) => [ids[item * 3 + slot], weights[item * 3 + slot]]);
      const expected = [0, 1, 2].map((slot) =>
        slot < values.length
          ? [tags.ids.get(values[slot]!), Math.fround(1 / values.length)]
          : [0, 0],
      );
      expect(here).toEqual(expected);
    }
  });

  test("an item that training never shows leaves no category", async () => {
    const data = await made({ tags: (item) => `only ${item}` });
    const { fields } = fitFields(data)!;
    const held = new Set([...data.valid, ...data.test]);
    const last = new Map<number, number>();
    for (const row of trained(data)) last.set(data.interactionUser[row]!, row);
    const shown = new Set(
      [...data.interactionItem].filter(
        (_, row) => !held.has(row) && row <= last.get(data.interactionUser[row]!)!,
      ),
    );
    expect(fields.find(({ name }) => name === "tags")!.ids.size).toBe(shown.size);
  });
});

test("a data set without fields has nothing to fit", async () => {
  const lines = rows.map(({ user, item, rating, time }) => [user, item, rating, time].join(","));
  const { out } = await prepared({ "ratings.csv": ["user,item,rating,time", ...lines].join("\n") });
  expect(fitFields(withNegatives(await readDataset(out)))).toBeNull();
});
