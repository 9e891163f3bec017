import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import type { JsonObject } from "../../../../../src/base/json.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  readDatasetInfo,
  readItems,
  readUsers,
} from "../../../../../runners/base/artifacts/dataset.js";
import { prepare, type StageOutcome } from "../stage.js";
import {
  delimited,
  folderOf,
  itemLines,
  prepared,
  rated,
  removeFolders,
  sums,
  tableOf,
} from "./made.js";

afterAll(removeFolders);

const csv = delimited(rated);
const items = { file: "items.csv", item: "item", title: "title", attributes: ["kind"] };
let plain: StageOutcome;
let expected: { readonly [file: string]: string };
beforeAll(async () => {
  plain = await prepared({ "ratings.csv": csv, "items.csv": itemLines }, tableOf({}, { items }));
  expected = await sums(plain.out);
});

test("ids stay text, titles and attributes are those of the items, samples begin at position 11", async () => {
  expect(plain.error).toBeUndefined();
  const found = await readItems(plain.out);
  expect(found.find(({ id }) => id === "007")).toMatchObject({
    title: "Title 7",
    attributes: ["kind 1"],
  });
  expect((await readUsers(plain.out)).map(({ id }) => id)).toEqual([
    "u0",
    "u1",
    "u2",
    "u3",
    "u4",
    "u5",
  ]);
  expect(await readDatasetInfo(plain.out)).toMatchObject({
    id: "table",
    domain: "item",
    ratings: 5,
    likeAbove: 3,
    attributeFields: ["kind"],
    interactions: 90,
  });
  // Of 15 interactions floor(0.8 * 15) = 12 is the split: 11 and 12 are trained on, 13 and 14 tested.
  expect(plain.result?.metrics).toMatchObject({ "train.samples": 12, "test.samples": 12 });
});

test("attributes are missed where the spec names them, and only there", async () => {
  const { notes } = await prepared({ "ratings.csv": csv });
  expect(notes.filter((note) => note.includes("names it otherwise"))).toEqual([]);
  const empty = itemLines.replace(/kind \d/gu, "");
  const missed = await prepared({ "ratings.csv": csv, "items.csv": empty }, tableOf({}, { items }));
  expect(missed.notes.join()).toContain("items have no kind: see whether the file of items");
});

describe("the same rows in another form give the same bytes", () => {
  const jsonl = rated
    .map((row, n) =>
      JSON.stringify({ ...row, rating: n % 2 === 0 ? Number(row.rating) : row.rating, more: [1] }),
    )
    .join("\n");
  const forms: { [name: string]: readonly [{ [file: string]: string | Buffer }, object] } = {
    tab: [{ "r.tsv": delimited(rated, "\t") }, { file: "r.tsv" }],
    semicolon: [{ "r.txt": delimited(rated, ";") }, { file: "r.txt", delimiter: ";" }],
    "two signs": [{ "r.dat": delimited(rated, "::") }, { file: "r.dat", delimiter: "::" }],
    gzip: [{ "r.csv.gz": gzipSync(csv) }, { file: "r.csv.gz" }],
    "gzip of two members": [
      { "r.csv.gz": Buffer.concat([gzipSync(csv.slice(0, 500)), gzipSync(csv.slice(500))]) },
      { file: "r.csv.gz" },
    ],
    zstd: [
      { "r.csv.zst": execFileSync("zstd", ["-c", "-q"], { input: csv }) },
      { file: "r.csv.zst" },
    ],
    "JSON Lines": [{ "r.jsonl": jsonl }, { file: "r.jsonl" }],
    "columns in another order, quoted": [
      {
        "r.csv": delimited(
          rated.map((row) => ({ ...row, user: `"${row.user}"` })),
          ",",
          ["time", "rating", "user", "item"],
        ),
      },
      { file: "r.csv" },
    ],
    "no header": [
      { "r.csv": csv.slice(csv.indexOf("\n") + 1) },
      { file: "r.csv", header: ["user", "item", "rating", "time"] },
    ],
    "a byte order mark, CRLF": [
      { "r.csv": `\ufeff${csv.replaceAll("\n", "\r\n")}` },
      { file: "r.csv" },
    ],
    "a byte order mark within": [
      { "r.csv": csv.replace("\nu3", "\n\ufeffu3").replace("\nu5", '\n"\ufeffu5"') },
      { file: "r.csv" },
    ],
    "CRLF and LF in one file": [{ "r.csv": csv.replace(/\n(u3)/g, "\r\n$1") }, { file: "r.csv" }],
    "no line end at the end, blank lines": [
      { "r.csv": csv.trimEnd().replace(/\n(u2)/g, "\n\n$1") },
      { file: "r.csv" },
    ],
    "several files": [
      {
        "r-2.csv": delimited(rated.slice(40), ",", ["item", "user", "rating", "time"]),
        "r-1.csv": delimited(rated.slice(0, 40)),
      },
      { file: "r-*.csv" },
    ],
    "times in milliseconds": [
      { "r.csv": delimited(rated.map((row) => ({ ...row, time: `${row.time}000` }))) },
      { file: "r.csv" },
    ],
    "times as dates with a zone": [
      {
        "r.csv": delimited(
          rated.map((row) => ({
            ...row,
            time: new Date((Number(row.time) + 8 * 3600) * 1000)
              .toISOString()
              .replace(".000Z", "+08:00"),
          })),
        ),
      },
      { file: "r.csv" },
    ],
    "times of a form": [
      {
        "r.csv": delimited(
          rated.map((row) => ({
            ...row,
            time: new Date(Number(row.time) * 1000)
              .toUTCString()
              .replace("GMT", "+0000")
              .replace(",", ""),
          })),
        ),
      },
      { file: "r.csv", time_format: "%a %d %b %Y %H:%M:%S %z" },
    ],
    "a query": [
      { "a.csv": csv, "b.csv": "user\nu0\nu1\nu2\nu3\nu4\nu5\n" },
      {
        file: undefined,
        sql: "select a.* from a join b using (user)",
        from: { a: "a.csv", b: "b.csv" },
      },
    ],
  };

  test.each(Object.entries(forms))("%s", async (_, [files, settings]) => {
    // A setting that is undefined is left out.
    const interactions = JSON.parse(
      JSON.stringify({ ...(tableOf().interactions as object), ...settings }),
    ) as JsonObject;
    const outcome = await prepared(
      { ...files, "items.csv": itemLines },
      { ...tableOf({}, { items }), interactions },
    );
    expect(outcome.error).toBeUndefined();
    expect(await sums(outcome.out)).toEqual(expected);
  });
});

describe("Parquet", () => {
  /** Writes a query's result as Parquet. */
  async function parquet(query: string, target: string): Promise<void> {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(`copy (${query}) to '${target}' (format parquet)`);
    connection.closeSync();
    instance.closeSync();
  }
  const read = "read_csv('%', all_varchar = true)";

  test.each([
    ["text", "select * from t"],
    ["numbers", "select user, item, rating::double as rating, time::bigint as time from t"],
    [
      "timestamps and small numbers",
      "select user, item, rating::tinyint as rating, to_timestamp(time::bigint)::timestamp as time from t",
    ],
  ])("columns of %s give the same bytes", async (_, query) => {
    const folder = await folderOf({ "ratings.csv": csv, "items.csv": itemLines });
    const from = read.replace("%", join(folder, "ratings.csv"));
    await parquet(query.replace("from t", `from ${from}`), join(folder, "r.parquet"));
    const outcome = await prepare(tableOf({ file: "r.parquet" }, { items }), folder);
    expect(outcome.error).toBeUndefined();
    expect(await sums(outcome.out)).toEqual(expected);
  });

  test("NULL and NaN are no rating, and no garbage", async () => {
    const folder = await folderOf({ "ratings.csv": csv });
    const from = read.replace("%", join(folder, "ratings.csv"));
    const rating =
      "case when n <= 5 then null when n <= 7 then 'nan'::double else rating::double end";
    await parquet(
      `select user, item, ${rating} as rating, time from (select *, row_number() over () as n from ${from})`,
      join(folder, "r.parquet"),
    );
    const { result, notes } = await prepare(tableOf({ file: "r.parquet" }), folder);
    expect(result?.metrics["dropped.unrated"]).toBe(7);
    expect(notes).toContain("7 interactions have no rating and were left out");
  });

  test("ids of a floating type are an error", async () => {
    const folder = await folderOf({ "ratings.csv": csv });
    const from = read.replace("%", join(folder, "ratings.csv"));
    await parquet(
      `select user, item::double as item, rating, time from ${from}`,
      join(folder, "r.parquet"),
    );
    const { error } = await prepare(tableOf({ file: "r.parquet" }), folder);
    expect(error?.message).toContain("r.parquet: the ids of item are of type DOUBLE");
    expect(error?.kind).toBe("spec");
  });

  test("a column that is not there is named with those that are", async () => {
    const folder = await folderOf({ "ratings.csv": csv });
    const from = read.replace("%", join(folder, "ratings.csv"));
    await parquet(`select user, item, rating from ${from}`, join(folder, "r.parquet"));
    const { error } = await prepare(tableOf({ file: "r.parquet" }), folder);
    expect(error?.message).toContain(
      'there is no column "time"; the columns are "user", "item", "rating"',
    );
  });
});

describe("a query", () => {
  test("over JSON Lines, RecBole's files and text gives the same rows as over text", async () => {
    const names = ["user", "item", "rating", "time"] as const;
    // Quotes, line ends, lists and a field that some lines lack stand beside what is read.
    const lines = rated.map(({ user, item, rating, time }, n) =>
      JSON.stringify({
        ...{ more: [1, { a: 'b"c\n' }], user, item, rating: Number(rating), time: Number(time) },
        ...(n % 2 === 0 ? { kept: true, note: "" } : { kept: null }),
      }),
    );
    const recbole = delimited(rated, "\t").replace(
      /.*\n/u,
      `${names.map((name) => `${name}:token`).join("\t")}\n`,
    );
    const files = { "r.jsonl": lines.join("\n"), "r.inter": recbole, "r.csv": csv };
    const query = (file: string): object =>
      tableOf({
        file: undefined as never,
        sql: "select * from r where user <> 'u0' or item <> '000'",
        from: { r: file },
      });
    const all = await Promise.all(
      Object.keys(files).map(async (file) => {
        const block = JSON.parse(JSON.stringify(query(file))) as JsonObject;
        const { out, error, notes } = await prepared(files, block);
        expect([file, error, notes.filter((note) => note.includes("can't"))]).toEqual([
          file,
          undefined,
          [],
        ]);
        return sums(out);
      }),
    );
    expect(all[0]).toEqual(all[2]);
    expect(all[1]).toEqual(all[2]);
    const kept = tableOf({
      sql: "select * from r where kept = 'true' and json_extract_string(more, '$[1].a') = 'b\"c' || chr(10)",
      from: { r: "r.jsonl" },
    });
    const { file: _file, ...interactions } = kept["interactions"] as JsonObject & { file: string };
    expect(_file).toBe("ratings.csv");
    const { result } = await prepared(files, { ...kept, interactions });
    // Every second line, and so every second user.
    expect(result?.metrics["users"]).toBe(3);
  });

  test("refuses tables of files of two kinds, and whole numbers that JSON can't hold", async () => {
    const sql = {
      user: "user",
      item: "item",
      rating: "rating",
      time: "time",
      sql: "select * from r",
    };
    const mixed = await prepared(
      { "r-1.jsonl": "{}", "r-2.csv": csv },
      { ...tableOf(), interactions: { ...sql, from: { r: "r-*" } } },
    );
    expect(mixed.error?.message).toContain("from.r: its files are of different kinds");
    const large = rated
      .map((row) => JSON.stringify(row).replace(/"item":"\d+"/u, '"item":9007199254740993'))
      .join("\n");
    const { error } = await prepared(
      { "r.jsonl": large },
      { ...tableOf(), interactions: { ...sql, from: { r: "r.jsonl" } } },
    );
    expect(error?.message).toMatch(/r\.jsonl: .*line 1: item is a whole number above 2\^53/);
  });

  test("reaches its tables alone", async () => {
    const folder = await folderOf({ "a.csv": csv });
    await writeFile(join(folder, "other.csv"), await readFile(join(folder, "a.csv")));
    const { error } = await prepare(
      {
        ...tableOf(),
        interactions: {
          user: "user",
          item: "item",
          rating: "rating",
          time: "time",
          sql: `select * from read_csv('${join(folder, "other.csv")}')`,
          from: { a: "a.csv" },
        },
      },
      folder,
    );
    expect(error?.message).toMatch(/^interactions\.sql: Permission Error/);
  });

  test("with 1, 2 and 4 threads and twice gives the same bytes, whatever the ties", async () => {
    const tied = delimited(rated.map((row) => ({ ...row, time: "1400000000" })));
    const interactions = {
      user: "user",
      item: "item",
      rating: "rating",
      time: "time",
      sql: "select a.* from a, range(1)",
      from: { a: "a.csv" },
    };
    const all = [];
    for (const threads of ["1", "2", "4", "4"]) {
      process.env["R4EC_DUCKDB_THREADS"] = threads;
      const { out } = await prepared({ "a.csv": tied }, { ...tableOf(), interactions });
      all.push(await sums(out));
    }
    delete process.env["R4EC_DUCKDB_THREADS"];
    expect(all.slice(1)).toEqual([all[0], all[0], all[0]]);
  });
});
