import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { readDataset, readDatasetInfo } from "../../../../../runners/base/artifacts/dataset.js";
import { delimited, found, itemLines, prepared, rated, removeFolders, tableOf } from "./made.js";

afterAll(removeFolders);

const csv = delimited(rated);
/** The ratings many times over for other users, so that one bad line is less than 0.1 %. */
const many = Array.from({ length: 30 }, (_, n) =>
  rated.map((row) => ({ ...row, user: `${row.user}-${n}` })),
).flat();

/** Replaces a line of a text, counted from 1. */
const withLine = (text: string, line: number, written: string): string =>
  text
    .split("\n")
    .map((each, n) => (n === line - 1 ? written : each))
    .join("\n");

const errorOf = async (content: string | Buffer, settings = tableOf(), name = "ratings.csv") => {
  const { error } = await prepared({ [name]: content }, settings);
  expect(error?.kind).toBe("spec");
  return error!.message.replace(/\S*\//g, "");
};

describe("a line that can't be used", () => {
  const mistakes: readonly (readonly [name: string, line: string, why: string])[] = [
    ["too few fields", "u0,001,3", "it has 3 fields, and there are 4 columns"],
    ["too many fields", "u0,001,3,1400000000,x", "it has 5 fields, and there are 4 columns"],
    ["no user", ",001,3,1400000000", "no user"],
    ["no item", "u0,,3,1400000000", "no item"],
    ["no time", "u0,001,3,", "no time"],
    ["a rating in words", "u0,001,five,1400000000", 'the rating "five" is no number'],
    ["a rating that a cast would take", "u0,001,0x10,1400000000", 'the rating "0x10" is no number'],
    ["a rating with a sign of thousands", "u0,001,1_0,1400000000", 'the rating "1_0" is no number'],
    ["a rating that is no number", "u0,001,NaN,1400000000", 'the rating "NaN" is no number'],
    ["a rating without end", "u0,001,inf,1400000000", 'the rating "inf" is no number'],
    ["a time in words", "u0,001,3,yesterday", 'the time "yesterday" is no number and no date'],
    ["a time that a cast would round", "u0,001,3,14e8", 'the time "14e8" is no number and no date'],
    ["a day that there is not", "u0,001,3,2014-02-30", 'the time "2014-02-30" is no number'],
    ["a mark before a quote", '\ufeff"u0",001,3,1400000000', "begins with a byte order mark"],
    ["text behind a quote", '"u0"x,001,3,1400000000', "has more text behind the closing one"],
  ];

  test.each(mistakes)(
    "is named by file and line where it is one of few: %s",
    async (_, line, why) => {
      const text = withLine(delimited(many), 40, line);
      const { result, notes } = await prepared({ "ratings.csv": text });
      expect(result?.metrics["dropped.unreadable"]).toBe(1);
      expect(notes.join("\n").replace(/\S*\//g, "")).toContain(`ratings.csv:40: `);
      expect(notes.join("\n")).toContain(why);
      expect(notes.join("\n")).toContain(
        "1 of 2700 lines of interactions can't be used and were left out",
      );
    },
  );

  test.each(mistakes)("is an error where it is one of few lines: %s", async (_, line, why) => {
    const message = await errorOf(withLine(csv, 40, line));
    expect(message).toContain(
      "1 of 90 lines of interactions can't be used (at most 0.1 % may be bad): ratings.csv:40: ",
    );
    expect(message).toContain(why);
  });

  test("is counted by lines of the file where fields hold line ends", async () => {
    const text = withLine(withLine(csv, 40, "u0,001,x,1"), 3, '"u0","00\n1",3,1400000000');
    expect(await errorOf(text)).toContain("ratings.csv:41: ");
  });

  test("in JSON Lines is named too", async () => {
    const lines = many.map((row) => JSON.stringify(row));
    lines[38] = JSON.stringify({ ...many[0], rating: "five" });
    lines[39] = JSON.stringify({ ...many[0], item: [1] });
    const { result, notes } = await prepared(
      { "r.jsonl": lines.join("\n") },
      tableOf({ file: "r.jsonl" }),
    );
    expect(result?.metrics["dropped.unreadable"]).toBe(2);
    expect(notes.join("\n")).toContain('r.jsonl: line 39: the rating "five" is no number');
    expect(notes.join("\n")).toContain("r.jsonl: line 40: item is [1], not a text");
  });
});

describe("a file that is not as it seems", () => {
  const packed = gzipSync(csv);

  test("gzip that is cut off", async () => {
    const cut = packed.subarray(0, packed.length - 20);
    expect(await errorOf(cut, tableOf({ file: "r.csv.gz" }), "r.csv.gz")).toContain(
      "r.csv.gz is not complete",
    );
  });

  test("gzip with another sum", async () => {
    const flipped = Buffer.from(packed);
    flipped[packed.length - 6]! ^= 1;
    expect(await errorOf(flipped, tableOf({ file: "r.csv.gz" }), "r.csv.gz")).toContain(
      "is damaged",
    );
  });

  test.each([
    ["cut off", (bytes: Buffer) => bytes.subarray(0, bytes.length - 10)],
    [
      "with another sum",
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1)! ^ 1])]),
    ],
  ])("zstd that is %s", async (_, spoil) => {
    const bytes = execFileSync("zstd", ["-c", "-q"], { input: csv });
    expect(await errorOf(spoil(bytes), tableOf({ file: "r.csv.zst" }), "r.csv.zst")).toContain(
      "is damaged or not complete",
    );
  });

  test("a gzip name on another file", async () => {
    expect(await errorOf(csv, tableOf({ file: "r.csv.gz" }), "r.csv.gz")).toContain(
      "is not a gzip file",
    );
  });

  test("latin-1 says the line and what to do, and is read where the spec says it", async () => {
    const text = withLine(
      delimited(rated.map((row) => ({ ...row, user: `é${row.user}` }))),
      1,
      "user,item,rating,time",
    );
    const latin = Buffer.from(text, "latin1");
    const message = await errorOf(latin);
    expect(message).toContain("ratings.csv:2: these bytes are not UTF-8");
    const read = await prepared({ "ratings.csv": latin }, tableOf({ encoding: "latin-1" }));
    const utf8 = await prepared({ "ratings.csv": text });
    expect(read.error).toBeUndefined();
    expect(await readDataset(read.out)).toEqual(await readDataset(utf8.out));
  });

  test("latin-1 beyond the first pieces of a large file is found too, at its line", async () => {
    const rows = Array.from({ length: 300 }, () => many).flat();
    const text = delimited(rows);
    const lines = text.split("\n");
    const at = Math.floor(lines.length * 0.7);
    lines[at] = "\xe9,001,3,1400000000";
    const bytes = Buffer.from(lines.join("\n"), "latin1");
    expect(await errorOf(bytes)).toContain(`ratings.csv:${at + 1}: these bytes are not UTF-8`);
  });

  test("a quote that is never closed is named where it begins", async () => {
    const text = withLine(csv, 40, '"u0,001,3,1400000000');
    const message = await errorOf(text);
    expect(message).toContain("ratings.csv:40: a quote is opened and not closed");
  });

  test("an empty file, and a header without rows", async () => {
    expect(await errorOf("")).toContain("ratings.csv is empty");
    expect(await errorOf("user,item,rating,time\n")).toContain("the file holds no ratings");
  });

  test("user and item swapped in the header are read by their names", async () => {
    const swapped = await prepared({
      "ratings.csv": delimited(rated, ",", ["item", "user", "rating", "time"]),
    });
    const straight = await prepared({ "ratings.csv": csv });
    expect(await readDataset(swapped.out)).toEqual(await readDataset(straight.out));
  });

  test("a later file of a pattern that lacks a column", async () => {
    const { error } = await prepared(
      { "r-1.csv": csv, "r-2.csv": csv.replace("time", "date") },
      tableOf({ file: "r-*.csv" }),
    );
    expect(error?.message).toContain(
      'r-2.csv:1: there is no column "time"; the columns are "user", "item", "rating", "date"',
    );
  });
});

describe("times", () => {
  test("of two kinds are an error that names one of each", async () => {
    expect(await errorOf(withLine(csv, 9, "u0,001,3,1400000000000"))).toContain(
      "the times of interactions are seconds (first in ratings.csv:2) and milliseconds (first in ratings.csv:9)",
    );
    expect(await errorOf(withLine(csv, 9, "u0,001,3,2014-05-13"))).toContain(
      "and dates (first in ratings.csv:9)",
    );
  });

  test.each([
    ["1400000000", {}, "seconds: from 2014-05-13"],
    ["1400000000000", {}, "milliseconds: from 2014-05-13"],
    ["1400000000000000", {}, "microseconds: from 2014-05-13"],
    ["14000", { time_unit: "milliseconds" }, "milliseconds: from 1970-01-01"],
    ["2014-05-13", {}, "dates in UTC, as they name no zone: from 2014-05-13"],
    ["2014-05-13T23:30:00-05:00", {}, "dates: from 2014-05-14"],
  ])("%s is told as what it is read as", async (time, settings, told) => {
    const text = delimited(rated.map((row) => ({ ...row, time })));
    const { notes } = await prepared({ "ratings.csv": text }, tableOf(settings));
    expect(notes.join("\n")).toContain(`times are read as ${told}`);
  });

  test("that are equal keep the order of the rows", async () => {
    const tied = rated.map((row) => ({ ...row, time: "5" }));
    const { out } = await prepared({ "ratings.csv": delimited(tied) });
    const untimed = await prepared(
      { "ratings.csv": csv },
      {
        ...tableOf(),
        interactions: { file: "ratings.csv", user: "user", item: "item", rating: "rating" },
      },
    );
    expect((await readDataset(out)).interactionItem).toEqual(
      (await readDataset(untimed.out)).interactionItem,
    );
  });
});

describe("ratings", () => {
  test("of half stars are numbered, and shown as they are", async () => {
    const halves = rated.map((row) => ({ ...row, rating: String(Number(row.rating) - 0.5) }));
    const { out } = await prepared(
      { "ratings.csv": delimited(halves) },
      tableOf({}, { label: { above: 2.5 } }),
    );
    expect(await readDatasetInfo(out)).toMatchObject({
      ratings: 5,
      likeAbove: 3,
      shown: { values: [0.5, 1.5, 2.5, 3.5, 4.5], likeAbove: 2.5 },
    });
    const whole = await prepared({ "ratings.csv": csv });
    expect((await readDataset(out)).interactionRating).toEqual(
      (await readDataset(whole.out)).interactionRating,
    );
  });

  test("written in several ways are one number", async () => {
    const mixed = rated.map((row, n) => ({
      ...row,
      rating: n % 2 === 0 ? `${row.rating}.0` : row.rating,
    }));
    const { out } = await prepared({ "ratings.csv": delimited(mixed) });
    const whole = await prepared({ "ratings.csv": csv });
    expect(await readDataset(out)).toEqual(await readDataset(whole.out));
  });

  test("may be a column of labels", async () => {
    const clicked = csv
      .replace("rating", "clicked")
      .replace(/,([45]),(\d{10})/g, ",true,$2")
      .replace(/,[123],(\d{10})/g, ",false,$1");
    const { out, result } = await prepared(
      { "ratings.csv": clicked },
      {
        id: "table",
        interactions: { file: "ratings.csv", user: "user", item: "item", time: "time" },
        label: { column: "clicked" },
      },
    );
    const rating = await prepared({ "ratings.csv": csv });
    expect(result?.metrics).toEqual(rating.result?.metrics);
    expect(await readDatasetInfo(out)).toMatchObject({
      ratings: 2,
      likeAbove: 1,
      shown: { values: [0, 1], likeAbove: 0 },
    });
  });

  test("of more than 255 kinds are an error", async () => {
    const text = delimited(many.map((row, n) => ({ ...row, rating: String(n / 1000) })));
    expect(await errorOf(text)).toContain("the ratings have more than 255 different values");
  });

  test("that are missing are left out and counted", async () => {
    const text = withLine(csv, 40, "u0,001,,1400000000");
    const { result, notes } = await prepared({ "ratings.csv": text });
    expect(result?.metrics["dropped.unrated"]).toBe(1);
    expect(notes).toContain("1 interactions have no rating and were left out");
  });
});

describe("items", () => {
  const settings = tableOf({}, { items: { file: "items.csv", item: "item", title: "title" } });

  test("that the file lacks leave the sequences, counted and named", async () => {
    const { result, notes } = await prepared(
      {
        "ratings.csv": delimited(many),
        "items.csv": itemLines.replace("007,Title 7,kind 1\n", ""),
      },
      settings,
    );
    expect(result?.metrics["dropped.item_unknown"]).toBe(
      many.filter(({ item }) => item === "007").length,
    );
    expect(notes.join("\n")).toContain('"007"');
  });

  test("7 is not 007: none is described, and the message says why", async () => {
    const { error } = await prepared(
      { "ratings.csv": csv, "items.csv": itemLines.replace(/^0+(?=\d)/gm, "") },
      {
        ...settings,
        interactions: {
          file: "ratings.csv",
          user: "user",
          item: "item",
          rating: "rating",
          time: "time",
        },
      },
    );
    // Items 10 to 19 lost their zero too.
    expect(error?.message).toContain("items describe none of the 20 items that are left");
  });

  test("of one id in two rows are an error that names both", async () => {
    const { error } = await prepared(
      { "ratings.csv": csv, "items.csv": `${itemLines}007,Again,kind 1\n` },
      settings,
    );
    expect(error?.message.replace(/\S*\//g, "")).toContain(
      "items.csv:22: item 007 stands in items.csv:9 already",
    );
  });
});

describe("the check of a spec", () => {
  const files = { "ratings.csv": csv, "items.csv": itemLines };

  test.each([
    [{ id: "table", label: { above: 3 } }, "dataset: table needs `interactions`"],
    [tableOf({}, { label: null }), "dataset: table needs `label`"],
    [tableOf({ file: "no.csv" }), "dataset.interactions.file: there is no file no.csv"],
    [tableOf({ file: "no-*.csv" }), "dataset.interactions.file: no file is called no-*.csv"],
    [
      tableOf({ user: "usr" }),
      'dataset.interactions.user: ratings.csv has no column "usr"; it has "user", "item", "rating", "time"',
    ],
    [tableOf({ sql: "select 1" }), "dataset.interactions.sql: give `file` or `sql`"],
    [
      tableOf({ from: { a: "ratings.csv" } }),
      "dataset.interactions.from: only a query (sql) has tables",
    ],
    [tableOf({ time_format: "%Q" }), "dataset.interactions.time_format: %Q is no form of a date"],
    [
      tableOf({}, { label: { column: "clicked" } }),
      "dataset.interactions.rating: the label is the column clicked",
    ],
    [tableOf({}, { items: { file: "items.csv" } }), "dataset.items: items needs `item`"],
    [
      tableOf({}, { items: { file: "items.csv", item: "item", attributes: ["knd"] } }),
      'dataset.items.attributes: items.csv has no column "knd"',
    ],
  ])("%j", async (settings, message) => {
    const { label, ...rest } = settings as { label?: unknown };
    const given = label === null ? rest : settings;
    expect((await found(files, given as never)).join("\n")).toContain(message);
  });

  test("a file whose name does not show its form", async () => {
    expect(
      (await found({ "ratings.dat": csv }, tableOf({ file: "ratings.dat" }))).join(),
    ).toContain("set format (csv, tsv, jsonl, parquet, recbole) or delimiter");
  });

  test("is content with a table that is right", async () => {
    const items = { file: "items.csv", item: "item", title: "title", attributes: ["kind"] };
    expect(await found(files, tableOf({}, { items }))).toEqual([]);
  });
});
