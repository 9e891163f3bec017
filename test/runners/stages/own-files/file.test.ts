import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTexts } from "../../../../runners/base/artifacts/knowledge.js";
import { knowledgeStage } from "../../../../runners/composition/index.js";
import { ownFilesRunner } from "../../../../runners/stages/own-files/runner.js";
import { readNpy } from "../../../../runners/base/files/npy.js";
import { writeNpy } from "../../../../runners/base/files/write-npy.js";
import { newFolder, removeFolders, runStage } from "../../../support/stage.js";
import { writeDataset } from "../../../support/knowledge/dataset.js";
import { datasetRequest, graphOf, settingsOf } from "../../../support/knowledge/settings.js";

afterAll(removeFolders);

const runner = ownFilesRunner;

describe("text and vectors of one's own", () => {
  let dataset: string;
  beforeAll(async () => {
    dataset = await writeDataset({
      users: [[], [], []],
      items: [{ title: "A" }, { title: "B" }],
    });
  });

  const write = async (name: string, content: string | Buffer): Promise<string> => {
    const file = path.join(await newFolder(), name);
    writeFileSync(file, content);
    return file;
  };
  const jsonl = (rows: readonly unknown[]) =>
    write("own.jsonl", rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const npy = async (rows: readonly (readonly number[])[]) => {
    const file = path.join(await newFolder(), "own.npy");
    await writeNpy(file, Float32Array.from(rows.flat()), [rows.length, rows[0]!.length]);
    return file;
  };
  const run = (files: { readonly [name: string]: string }) =>
    runStage({ runner, params: {}, inputs: { dataset }, files });
  const rows = async (file: string) => {
    const { data, shape } = await readNpy(file);
    return Array.from({ length: shape[0]! }, (_, row) => [
      ...data.slice(row * shape[1]!, (row + 1) * shape[1]!),
    ]);
  };

  it("takes text by the data set's own ids and warns of ids it doesn't know", async () => {
    const users = await jsonl([
      { id: "u3", text: "three" },
      { id: "u1", text: "one" },
      { id: 7, text: "x" },
    ]);
    const { out, events, result } = await run({ users });
    expect(await readTexts(out, "users")).toEqual([
      { index: 1, text: "one" },
      { index: 3, text: "three" },
    ]);
    expect(await readTexts(out, "items")).toEqual([]);
    expect(events).toContainEqual({
      type: "note",
      severity: "warning",
      message: `${users}: 1 of 3 ids are not among the data set's users`,
    });
    expect(result?.metrics).toMatchObject({ "users.texts": 2 });
  });

  it("makes an artifact of vectors where no text is left to embed", async () => {
    const users = await jsonl([{ id: "u2", vector: [1, 2] }]);
    const items = await npy([
      [3, 4, 5],
      [6, 7, 8],
    ]);
    const { out, result, events } = await run({ users, items });
    // (3, 4, 5) and (6, 7, 8); one user has no pair.
    const cosine = 86 / Math.sqrt(50 * 149);
    expect(result?.metrics["items.mean_cosine"]).toBeCloseTo(cosine, 12);
    expect(result?.metrics).not.toHaveProperty("users.mean_cosine");
    expect(JSON.stringify(events)).toContain("the vectors of items lie close together");
    expect(await rows(path.join(out, "users.npy"))).toEqual([
      [0, 0],
      [0, 0],
      [1, 2],
      [0, 0],
    ]);
    expect(await rows(path.join(out, "items.npy"))).toEqual([
      [0, 0, 0],
      [3, 4, 5],
      [6, 7, 8],
    ]);
  });

  it("gives the side without a file zeros as wide as the other's vectors", async () => {
    const { out } = await run({ items: await npy([[1], [2]]) });
    expect(await rows(path.join(out, "users.npy"))).toEqual([[0], [0], [0], [0]]);
  });

  it("takes rows by a file of ids, and a first row for padding", async () => {
    const ids = await write("ids.txt", "i2\nother\ni1\n");
    const named = await run({ items: await npy([[1], [2], [3]]), item_ids: ids });
    expect(await rows(path.join(named.out, "items.npy"))).toEqual([[0], [3], [1]]);
    const padded = await run({ items: await npy([[9], [1], [2]]) });
    expect(await rows(path.join(padded.out, "items.npy"))).toEqual([[0], [1], [2]]);
  });

  it("reads safetensors in any float type", async () => {
    const tensor = (dtype: string, bytes: Buffer) => {
      const header = Buffer.from(
        JSON.stringify({ x: { dtype, shape: [2, 1], data_offsets: [0, bytes.length] } }),
      );
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      return write("own.safetensors", Buffer.concat([length, header, bytes]));
    };
    // 1 and -2 in each type.
    const f32 = Buffer.alloc(8);
    f32.writeFloatLE(1, 0);
    f32.writeFloatLE(-2, 4);
    const f64 = Buffer.alloc(16);
    f64.writeDoubleLE(1, 0);
    f64.writeDoubleLE(-2, 8);
    for (const [dtype, bytes] of [
      ["F32", f32],
      ["F64", f64],
      ["F16", Buffer.from([0x00, 0x3c, 0x00, 0xc0])],
      ["BF16", Buffer.from([0x80, 0x3f, 0x00, 0xc0])],
    ] as const) {
      const { out, error } = await run({ items: await tensor(dtype, bytes) });
      expect(error).toBeUndefined();
      expect(await rows(path.join(out, "items.npy"))).toEqual([[0], [1], [-2]]);
    }
    const { error } = await run({ items: await tensor("I64", f64) });
    expect(error?.message).toMatch(/numbers of type I64/);
  });

  it.each<[string, readonly unknown[], RegExp]>([
    ["a line without an id", [{ text: "x" }], /own\.jsonl:1: id is missing/],
    ["a line with text and vector", [{ id: "u1", text: "x", vector: [1] }], /:1: .* is expected/],
    [
      "an id that stands twice",
      [
        { id: "u1", text: "x" },
        { id: "u1", text: "y" },
      ],
      /:2: "u1" stands in line 1 already/,
    ],
    [
      "vectors after text",
      [
        { id: "u1", text: "x" },
        { id: "u2", vector: [1] },
      ],
      /:2: a file must not mix texts and vectors/,
    ],
    [
      "text after vectors",
      [
        { id: "u1", vector: [1] },
        { id: "u2", text: "x" },
      ],
      /:2: a file must not mix texts and vectors/,
    ],
    [
      "vectors of unequal length",
      [
        { id: "u1", vector: [1] },
        { id: "u2", vector: [1, 2] },
      ],
      /:2: a vector of 2 numbers, but the others have 1/,
    ],
    [
      "ids of another data set",
      [{ id: "x", text: "x" }],
      /none of its ids is one of the data set's users, such as u1, u2, u3/,
    ],
    ["an empty file", [], /own\.jsonl is empty/],
  ])("refuses %s", async (_, lines, message) => {
    const { error, result } = await run({ users: await jsonl(lines) });
    expect(error?.kind).toBe("spec");
    expect(error?.message).toMatch(message);
    expect(result).toBeUndefined();
  });

  it.each(["1e39", "1e999", "-1e39"])(
    "refuses the number %s, which float32 cannot hold",
    async (n) => {
      const items = await write("items.jsonl", `{"id": "i1", "vector": [1, ${n}]}\n`);
      const { error } = await run({ items });
      expect(error?.message).toMatch(/items\.jsonl:1: number 1 \(from 0\) of the vector is/);
    },
  );

  it("says that a vector of zeros is none, and refuses zeros alone", async () => {
    const some = await run({
      items: await npy([
        [0, 0],
        [1, 2],
      ]),
    });
    expect(JSON.stringify(some.events)).toContain("1 of 2 items have a vector of zeros alone");
    const all = await run({
      items: await npy([
        [0, 0],
        [0, 0],
      ]),
    });
    expect(all.error?.message).toMatch(/every vector is zeros alone/);
  });

  it("refuses a table of the wrong size, and numbers that are none", async () => {
    const wrong = await run({ items: await npy([[1]]) });
    expect(wrong.error?.message).toMatch(/has 1 rows; the data set has 2 items/);
    const nan = await run({ items: await npy([[1], [NaN]]) });
    expect(nan.error?.message).toMatch(/row 1, column 0 \(from 0\) is NaN/);
  });

  it("takes a byte order mark for no part of an id, and makes such vectors again", async () => {
    const mark = "\ufeff";
    const lines = await write("own.jsonl", `${mark}{"id": "u1", "text": "one"}\n`);
    expect(await readTexts((await run({ users: lines })).out, "users")).toEqual([
      { index: 1, text: "one" },
    ]);
    const items = await npy([[1], [2], [3]]);
    const item_ids = await write("ids.txt", `${mark}i2\ni1\nelsewhere\n`);
    const { out, events } = await run({ items, item_ids });
    expect(await rows(path.join(out, "items.npy"))).toEqual([[0], [2], [1]]);
    expect(events).toContainEqual({
      type: "note",
      severity: "warning",
      message: `${item_ids}: 1 of 3 ids are not among the data set's items`,
    });
    const paramsOf = (ids: string) =>
      graphOf(
        knowledgeStage(
          settingsOf({ variant: "file", file: { items, item_ids: ids } }),
          { folder: "/" },
          datasetRequest,
        )!,
      ).find(({ runner: name }) => name === "file")!.params;
    expect(paramsOf(item_ids)).toEqual({ items: ".npy", item_ids: ".txt", reading: "2" });
    const plain = await write("ids.txt", "i2\ni1\nelsewhere\n");
    expect(paramsOf(plain)).toEqual({ items: ".npy", item_ids: ".txt" });
  });

  it("is embedded only where it is text", async () => {
    const runners = (file: { [name: string]: string }) =>
      graphOf(
        knowledgeStage(settingsOf({ variant: "file", file }), { folder: "/" }, datasetRequest)!,
      ).map(({ runner: name }) => name);
    const text = await jsonl([{ id: "u1", text: "about a vector" }]);
    const vectors = await jsonl([{ id: "u1", vector: [1] }]);
    expect(runners({ users: text })).toEqual(["dataset", "file", "embed"]);
    expect(runners({ users: vectors })).toEqual(["dataset", "file"]);
    expect(runners({ users: text, items: await npy([[1]]) })).toEqual(["dataset", "file", "embed"]);
    expect(runners({ items: await npy([[1]]) })).toEqual(["dataset", "file"]);
  });
});
