import { readFile } from "node:fs/promises";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../../../src/base/json.js";
import { Lab } from "../../support/engine.js";

const WORD = 'a "b", c\nd é';

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
  await lab.spec(
    `name: toy
sweep:
  grid: {toy.model: [a, ${JSON.stringify(WORD)}], toy.cards: [0], seed: [1, 2]}
  include:
    - {toy.model: broken, toy.act: fail, seed: 3}
`,
  );
  expect((await lab.run("sweep", "spec.yaml")).code).toBe(1);
}, 60_000);
afterAll(() => lab.close());

type Row = { readonly [column: string]: Json };

const asJson = async (...more: string[]): Promise<Row[]> => {
  const { code, stdout, stderr } = await lab.run("results", "spec.yaml", "--json", ...more);
  expect([code, stderr.includes("rror")]).toEqual([0, false]);
  return JSON.parse(stdout) as Row[];
};

/** Lines of CSV as RFC 4180 has them. */
function csvRows(text: string): string[][] {
  const cell = /("(?:[^"]|"")*"|[^",\r]*)(,|\r\n)/gy;
  const rows: string[][] = [[]];
  for (const [, value, end] of text.matchAll(cell)) {
    rows.at(-1)!.push(value!.startsWith('"') ? value!.slice(1, -1).replaceAll('""', '"') : value!);
    if (end === "\r\n") rows.push([]);
  }
  expect(rows.pop()).toEqual([]);
  return rows;
}

/** A Parquet file as DuckDB reads it: types by column, and rows. */
async function parquet(file: string): Promise<{ types: { [name: string]: string }; rows: Row[] }> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`select * from '${path.join(lab.folder, file)}'`);
  const names = reader.columnNames();
  const types = Object.fromEntries(
    names.map((name, at) => [name, String(reader.columnTypes()[at])]),
  );
  const rows = reader.getRowsJson().map((row) => {
    return Object.fromEntries(names.map((name, at) => [name, row[at] as Json]));
  });
  connection.closeSync();
  return { types, rows };
}

describe("results", () => {
  it("has a row for every cell, with every setting and metric, and why a cell has none", async () => {
    const rows = await asJson();
    const { cells } = JSON.parse((await lab.run("plan", "spec.yaml", "--json")).stdout) as {
      cells: { id: string; name: string; stage: string; settings: Row }[];
    };
    expect(rows.map(({ cell, name, stage }) => ({ cell, name, stage }))).toEqual(
      cells.map(({ id, name, stage }) => ({ cell: id, name, stage })),
    );
    for (const [at, { settings }] of cells.entries()) expect(rows[at]).toMatchObject(settings);
    expect(rows.map((row) => [row["state"], row["value"], row["test.auc"], row["why"]])).toEqual([
      ...["a", "a", WORD, WORD].map((word) => ["finished", word.length, 0.7, null]),
      ["failed", null, null, "told to fail"],
    ]);
    expect(rows[0]).toMatchObject({ experiment: "toy", seconds: expect.any(Number) as number });
  });

  it("is the same table as CSV, as JSON and as Parquet, each column with one type", async () => {
    const rows = await asJson();
    const { stdout } = await lab.run("results", "spec.yaml");
    const [head, ...lines] = csvRows(stdout);
    expect(head).toEqual(Object.keys(rows[0]!));
    const text = (value: Json): string => (value === null ? "" : String(value));
    expect(lines).toEqual(rows.map((row) => Object.values(row).map(text)));
    const call = ["results", "spec.yaml", "--parquet", "--out", "it's.parquet"];
    const written = await lab.run(...call);
    expect([written.code, written.stdout]).toEqual([0, ""]);
    const found = await parquet("it''s.parquet");
    expect(found.types).toMatchObject({
      ...{ cell: "VARCHAR", name: "VARCHAR", seed: "BIGINT", "toy.cards": "BIGINT" },
      ...{ "toy.model": "VARCHAR", value: "DOUBLE", "test.auc": "DOUBLE", seconds: "DOUBLE" },
    });
    // Integers of 64 bits come as texts.
    const read = found.rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          found.types[name] === "BIGINT" && value !== null ? Number(value) : value,
        ]),
      ),
    );
    expect(read).toEqual(rows);
    const out = await lab.run("results", "spec.yaml", "--out", "cells.csv");
    expect([out.code, await readFile(path.join(lab.folder, "cells.csv"), "utf8")]).toEqual([
      0,
      stdout,
    ]);
  });

  it("gives the curves of every cell, a row a step", async () => {
    const rows = await asJson("--curves");
    expect(rows.map(({ name, step, loss }) => [name, step, loss])).toEqual(
      (await asJson()).map(({ name }) => [name, 1, 0.5]),
    );
  });

  it("refuses two forms at once, and a sweep that there is not", async () => {
    const two = await lab.run("results", "--csv", "--json");
    expect([two.code, two.stdout, two.stderr.includes("choose one of")]).toEqual([2, "", true]);
    const none = await lab.run("results", "nobody");
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("no sweep is nobody")]);
  });
});
