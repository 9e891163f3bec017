import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDataset } from "../../../../../runners/base/artifacts/dataset.js";
import type { RawField } from "../../../../../runners/base/artifacts/raw-fields.js";
import { readNpy } from "../../../../../runners/base/files/npy.js";
import { arraysRunner } from "../../../../../runners/stages/ctr/own-program/arrays/runner.js";
import type { ArraysInfo } from "../../../../../runners/stages/ctr/own-program/arrays/info.js";
import type { JsonObject } from "../../../../../src/base/json.js";
import { readFile } from "node:fs/promises";
import { runStage } from "../../../../support/stage.js";
import { prepare } from "../stage.js";
import {
  delimited,
  folderOf,
  found,
  itemLines,
  prepared,
  rated,
  removeFolders,
  sums,
  tableOf,
} from "./made.js";

afterAll(removeFolders);

const items = (ids: (n: number) => string[]): [string, string[]][] =>
  Array.from({ length: 20 }, (_, n) => [String(n).padStart(3, "0"), ids(n)]);
/** Tags of items, several at once; item 3 has none. */
const tags = items((n) => (n === 3 ? [] : [`t${n % 4}`, `s${n % 3}`]));
const users = Array.from({ length: 6 }, (_, n) => ({
  user: `u${n}`,
  country: ["NL", "DE"][n % 2]!,
  age: 20 + n * 1.5,
}));
const usersFile = [
  "user\tcountry\tage",
  ...users.map(({ user, country, age }) => [user, country, age].join("\t")),
].join("\n");
const tagged = (separator: string): string =>
  ["item,tags", ...tags.map(([item, all]) => `${item},${all.join(separator)}`)].join("\n");
const context = rated.map((row, n) => ({ ...row, device: ["phone", "desk", ""][n % 3]! }));
const ratings = [
  "user,item,rating,time,device",
  ...context.map((row) => [row.user, row.item, row.rating, row.time, row.device].join(",")),
].join("\n");

const spec = (others: JsonObject = {}): JsonObject =>
  tableOf(
    { fields: ["device"] },
    {
      users: {
        file: "users.tsv",
        user: "user",
        fields: ["country", { column: "age", standardise: true }],
      },
      items: { file: "items.csv", item: "item", fields: [{ column: "tags", separator: "|" }] },
      ...others,
    },
  );
const files = { "ratings.csv": ratings, "users.tsv": usersFile, "items.csv": tagged("|") };

let plain: Awaited<ReturnType<typeof prepared>>;
let raw: ReadonlyMap<string, RawField>;
beforeAll(async () => {
  plain = await prepared(files, spec());
  expect(plain.error).toBeUndefined();
  const { fields } = await readDataset(plain.out);
  raw = new Map(fields!.map((field) => [field.name, field]));
});

test("each user, item and interaction has the value of its own row", async () => {
  const data = await readDataset(plain.out);
  expect(data.fields!.map(({ name, of, kind, most }) => [name, of, kind, most])).toEqual([
    ["country", "user", "category", undefined],
    ["age", "user", "number", undefined],
    ["tags", "item", "categories", 16],
    ["device", "context", "category", undefined],
  ]);
  const textOf = (name: string, row: number): string => {
    const field = raw.get(name)!;
    return field.texts[field.value[row]!]!;
  };
  expect([1, 2, 6].map((user) => [textOf("country", user), textOf("age", user)])).toEqual([
    ["NL", "20"],
    ["DE", "21.5"],
    ["DE", "27.5"],
  ]);
  expect(textOf("tags", 1)).toBe("t0\u001fs0");
  expect(textOf("tags", 4)).toBe("");
  for (let row = 0; row < data.interactions; row++) {
    const [user, item] = [data.interactionUser[row]!, data.interactionItem[row]!];
    const here = context.filter(
      (each) =>
        each.user === `u${user - 1}` &&
        Number(each.item) === item - 1 &&
        Number(each.time) === data.interactionTime[row],
    );
    expect(here.map(({ device }) => device)).toContain(textOf("device", row));
  }
});

describe("the same values in another form give the same bytes", () => {
  const jsonl = tags.map(([item, all]) => JSON.stringify({ item, tags: all })).join("\n");
  test.each<[string, { [file: string]: string | Buffer }, JsonObject]>([
    [
      "another separator",
      { "i.csv": tagged(";") },
      { file: "i.csv", fields: [{ column: "tags", separator: ";" }] },
    ],
    [
      "gzip",
      { "i.csv.gz": gzipSync(tagged("|")) },
      { file: "i.csv.gz", fields: [{ column: "tags", separator: "|" }] },
    ],
    ["a list in JSON Lines", { "i.jsonl": jsonl }, { file: "i.jsonl", fields: ["tags"] }],
  ])("%s", async (_, more, block) => {
    const { out, error } = await prepared(
      { ...files, ...more },
      spec({ items: { item: "item", ...block } }),
    );
    expect(error).toBeUndefined();
    expect(await sums(out)).toEqual(await sums(plain.out));
  });

  test("a list in Parquet", async () => {
    const folder = await folderOf(files);
    const database = await DuckDBInstance.create();
    const connection = await database.connect();
    const rows = tags.map(
      ([item, all]) => `('${item}', [${all.map((tag) => `'${tag}'`).join(", ")}]::varchar[])`,
    );
    await connection.run(
      `copy (select * from (values ${rows.join(", ")}) t(item, tags)) to '${join(folder, "i.parquet")}' (format parquet)`,
    );
    const { out, error } = await prepare(
      spec({ items: { file: "i.parquet", item: "item", fields: ["tags"] } }),
      folder,
    );
    expect(error).toBeUndefined();
    expect(await sums(out)).toEqual(await sums(plain.out));
  });

  test("rows of users and items in another order", async () => {
    const turned = (text: string): string => {
      const [head, ...lines] = text.trim().split("\n");
      return [head, ...lines.reverse()].join("\n");
    };
    const { out } = await prepared(
      { ...files, "users.tsv": turned(usersFile), "items.csv": turned(tagged("|")) },
      spec(),
    );
    expect(await sums(out)).toEqual(await sums(plain.out));
  });
});

test("a value that is no number is named by its line; one without a value is none", async () => {
  const broken = usersFile.replace("u3\tDE\t24.5", "u3\tDE\told");
  const { error } = await prepared({ ...files, "users.tsv": broken }, spec());
  expect(error?.message).toMatch(/users\.tsv:5: the age "old" is no number/);
  const empty = usersFile.replace("u3\tDE\t24.5", "u3\tDE\t");
  const { out } = await prepared({ ...files, "users.tsv": empty }, spec());
  const age = (await readDataset(out)).fields!.find(({ name }) => name === "age")!;
  expect(age.texts[age.value[4]!]).toBe("");
});

test("users without a line have no values, and are counted; two lines of one user are an error", async () => {
  const fewer = usersFile
    .split("\n")
    .filter((line) => !line.startsWith("u5"))
    .join("\n");
  const { out, notes } = await prepared({ ...files, "users.tsv": fewer }, spec());
  expect(notes.join()).toContain("1 of 6 users have no line in the file of users");
  const country = (await readDataset(out)).fields!.find(({ name }) => name === "country")!;
  expect(country.texts[country.value[6]!]).toBe("");
  const { error } = await prepared({ ...files, "users.tsv": `${usersFile}\nu2\tNL\t1` }, spec());
  expect(error?.message).toMatch(/users\.tsv:8: user u2 stands in .*users\.tsv:4 already/);
  const strange = usersFile.replaceAll("\nu", "\nx");
  const none = await prepared({ ...files, "users.tsv": strange }, spec());
  expect(none.error?.message).toContain("users describe none of the 6 users that are left");
});

test("values beyond `most` are left out and counted, and numbers taken for categories are doubted", async () => {
  const { notes } = await prepared(
    files,
    spec({
      items: {
        file: "items.csv",
        item: "item",
        fields: [{ column: "tags", separator: "|", most: 1 }],
      },
    }),
  );
  expect(notes.join()).toContain(
    "the field tags has more than 1 values in 19 rows, of which the first 1 count",
  );
  const priced = [
    "user,item,rating,time,device",
    ...Array.from({ length: 240 }, (_, n) =>
      [`u${n % 6}`, String(n % 40), 1 + (n % 5), 1_400_000_000 + n, n].join(","),
    ),
  ].join("\n");
  const doubted = await prepared({ "ratings.csv": priced }, tableOf({ fields: ["device"] }));
  expect(doubted.notes.join()).toContain("the field device has 240 different values, all numbers");
});

test("what can't be is told before anything runs", async () => {
  const message = async (others: JsonObject): Promise<string> =>
    (await found(files, spec(others))).join("\n");
  expect(await message({})).toBe("");
  expect(await message({ users: { file: "users.tsv", user: "user", fields: ["land"] } })).toContain(
    'dataset.users.fields: users.tsv has no column "land"; it has "user", "country", "age"',
  );
  expect(
    await message({
      users: {
        file: "users.tsv",
        user: "user",
        fields: ["country", { column: "age", name: "device" }],
      },
    }),
  ).toContain(
    "dataset.interactions.fields[0]: a field of users is called device too; give one of them a `name`",
  );
  expect(
    await message({
      users: {
        file: "users.tsv",
        user: "user",
        fields: [{ column: "age", buckets: 3, standardise: true }],
      },
    }),
  ).toContain("age has buckets and standardise: it can be of one kind only");
  expect(await message({ users: { file: "users.tsv", user: "user" } })).toContain(
    "users needs `fields`",
  );
  expect(await message({ users: { file: "users.tsv", fields: ["age"] } })).toContain(
    "users needs `user`",
  );
});

test("without fields a data set is what it was", async () => {
  const simple = await prepared(
    { "ratings.csv": delimited(rated), "items.csv": itemLines },
    tableOf({}, { items: { file: "items.csv", item: "item", title: "title" } }),
  );
  const names = Object.keys(await sums(simple.out));
  expect(names.filter((name) => name.includes("field"))).toEqual([]);
  expect(await readFile(join(simple.out, "dataset.json"), "utf8")).not.toContain('"fields"');
});

test("a program gets them as arrays that arrays.json describes", async () => {
  const longer = Array.from({ length: 240 }, (_, n) => {
    const [user, place] = [n % 6, Math.floor(n / 6)];
    return [
      `u${user}`,
      String((user * 3 + place) % 20).padStart(3, "0"),
      1 + ((user + place) % 5),
      1_400_000_000 + n,
      ["phone", "desk"][place % 2],
    ].join(",");
  });
  const made = await prepared(
    { ...files, "ratings.csv": ["user,item,rating,time,device", ...longer].join("\n") },
    spec(),
  );
  const { out: folder } = await runStage({
    runner: arraysRunner as never,
    params: { history_length: 3 },
    inputs: { dataset: made.out },
  });
  const { fields, field_ids } = JSON.parse(
    await readFile(join(folder, "arrays.json"), "utf8"),
  ) as ArraysInfo;
  expect(fields!.map(({ name, first_slot, slots }) => [name, first_slot, slots])).toEqual([
    ["country", 0, 1],
    ["age", 1, 2],
    ["tags", 0, 2],
    ["device", 0, 1],
  ]);
  const idsOf = fields!.flatMap(({ ids }) => Object.values(ids));
  expect(idsOf).toEqual(Array.from({ length: field_ids! }, (_, n) => n + 1));
  const read = async (name: string) => readNpy(join(folder, `${name}.npy`));
  const user = await read("user_fields");
  expect(user.shape).toEqual([7, 3]);
  expect(user.data[1 * 3]).toBe(fields![0]!.ids["NL"]);
  const weights = await read("user_field_weights");
  expect(weights.data[1 * 3 + 2]).toBeCloseTo((20 - fields![1]!.mean!) / fields![1]!.deviation!, 5);
  expect((await read("item_fields")).shape).toEqual([21, 2]);
  const data = await readDataset(made.out);
  const device = data.fields!.find(({ name }) => name === "device")!;
  const contexts = await read("test.context_fields");
  expect(contexts.shape).toEqual([data.test.length, 1]);
  data.test.forEach((row, at) =>
    expect(contexts.data[at]).toBe(fields![3]!.ids[device.texts[device.value[row]!]!]),
  );
});

test("a RecBole header says what a field is, where the spec does not", async () => {
  const header =
    "user_id:token\tcity:token\tage:float\theight:float\tlangs:token_seq\temb:float_seq";
  const lines = users.map(({ user, age }, n) =>
    [user, `c${n % 2}`, age, 150 + n, n % 2 === 0 ? "nl de" : "de", "0.1 0.2"].join("\t"),
  );
  const all = { ...files, "u.user": [header, ...lines].join("\n") };
  const of = (...fields: (string | JsonObject)[]): JsonObject =>
    spec({ users: { file: "u.user", fields } });
  const kindsIn = async (block: JsonObject): Promise<string[][]> => {
    const { out, error } = await prepared(all, block);
    expect(error).toBeUndefined();
    const fields = (await readDataset(out)).fields!.filter((field) => field.of === "user");
    return fields.map(({ name, kind, texts }) => [name, kind, texts.at(-1)!]);
  };
  expect(await kindsIn(of("city", "age", { column: "height", buckets: 2 }, "langs"))).toEqual([
    ["city", "category", "c1"],
    ["age", "number", "27.5"],
    ["height", "buckets", "155"],
    ["langs", "categories", "nl\u001fde"],
  ]);
  expect(await kindsIn(of({ column: "age", standardise: false }))).toEqual([
    ["age", "category", "27.5"],
  ]);
  expect(await found(all, of("emb"))).toEqual([
    "dataset.users.fields: emb holds lists of numbers (float_seq), which are no field; leave it out",
  ]);
});
