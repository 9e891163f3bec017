import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  readSampleRows,
  type SampleRows,
} from "../../../../../runners/base/artifacts/negatives.js";
import { readNpy } from "../../../../../runners/base/files/npy.js";
import { decodeSafetensors } from "../../../../../runners/base/files/safetensors.js";
import { fitFields } from "../../../../../runners/base/fields/fit.js";
import { program } from "../../../../../runners/stages/ctr/program.js";
import { exportModel } from "../../../../../runners/stages/ctr/serve/export.js";
import { scoreFile, scoreSplit } from "../../../../../runners/stages/ctr/serve/score.js";
import type { TrainedCell } from "../../../../../runners/stages/ctr/serve/trained.js";
import type { ModelFile } from "../../../../../runners/stages/ctr/train/publish.js";
import type { JsonObject } from "../../../../../src/base/json.js";
import { newFolder, prepare, removeFolders } from "../../dataset/stage.js";
import { samplesOf, scoresOf } from "./exported.js";
import { Scratch, stageOf, TestTask } from "./task.js";

vi.setConfig({ testTimeout: 240_000 });

const scratch = new Scratch();
let folder: string;
let dataset: string;
let data: SampleRows;
let cell: TrainedCell;
let kept: Float32Array;
let metrics: { readonly [name: string]: number };

/** 12 users with 30 interactions each; what a user does on a phone is one half of the items. */
const spec = (others: JsonObject = {}): JsonObject => ({
  id: "table",
  interactions: {
    ...{ file: "clicks.csv", user: "user", item: "item", time: "time" },
    fields: ["device", { column: "hour", buckets: 4 }],
  },
  users: { file: "users.csv", user: "user", fields: [{ column: "age", standardise: true }] },
  items: { file: "items.csv", item: "item", fields: [{ column: "tags", separator: "|" }] },
  label: { implicit: { negatives: 2 } },
  ...others,
});

beforeAll(async () => {
  folder = await newFolder();
  const clicks = Array.from({ length: 360 }, (_, n) => {
    const [user, place] = [n % 12, Math.floor(n / 12)];
    const device = place > 27 && user === 3 ? "tablet" : ["phone", "desk"][place % 2];
    return [
      `u${user}`,
      `i${(user * 5 + place * 3) % 50}`,
      1_400_000_000 + n * 3600,
      device,
      n % 24,
    ].join(",");
  });
  const lines = (head: string, all: readonly string[]): string => [head, ...all].join("\n");
  const items = Array.from({ length: 50 }, (_, n) => `i${n},${["a", "a|b", "c"][n % 3]}`);
  const users = Array.from({ length: 12 }, (_, n) => `u${n},${20 + n * n}`);
  writeFileSync(join(folder, "clicks.csv"), lines("user,item,time,device,hour", clicks));
  writeFileSync(join(folder, "users.csv"), lines("user,age", users));
  writeFileSync(join(folder, "items.csv"), lines("item,tags", items));
  const { out, error } = await prepare(spec(), folder);
  expect(error).toBeUndefined();
  dataset = out;
  data = await readSampleRows(dataset);
  const ctr = { batch_size: 64, epochs: 1, embedding_dim: 8, mlp: [8] };
  const task = new TestTask(
    stageOf({ backbone: "dcnv2", ctr }),
    { dataset },
    scratch.folder(),
    scratch.folder(),
  );
  await program.run([task]);
  ({ metrics } = task.published!);
  const weights = decodeSafetensors(readFileSync(join(task.out, "weights.safetensors")));
  if (!weights.ok) throw new Error(weights.error);
  const model = JSON.parse(readFileSync(join(task.out, "model.json"), "utf8")) as ModelFile;
  cell = { model, weights: weights.value.tensors, dataset, embed: null };
  kept = (await readNpy(join(task.out, "predictions.npy"))).data as Float32Array;
}, 240_000);
afterAll(async () => {
  scratch.remove();
  await removeFolders();
});

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, at) => Math.abs(value - b[at]!)));
};

it("samples with fields, negatives among them, are scored in training as by score", async () => {
  expect(kept.length).toBe(data.test.length);
  expect(largest((await scoreSplit(cell, "test")).scores, kept)).toBeLessThan(1e-6);
});

it("values that training has not seen are counted for each field", () => {
  const tablets = data.test.filter((row) => data.interactionUser[row] === 4).length;
  expect(tablets).toBeGreaterThan(0);
  // Two of the user's last interactions, each with two negatives.
  expect(metrics["unknown.test.device"]).toBe(6);
  expect(metrics["unknown.test.age"]).toBe(0);
  expect(
    Object.keys(metrics)
      .filter((name) => name.startsWith("unknown.test"))
      .sort(),
  ).toEqual(["unknown.test.age", "unknown.test.device", "unknown.test.hour", "unknown.test.tags"]);
});

it("another preparation is read by the cell's own fields; one without them is refused", async () => {
  const other = await prepare(spec({ split: { by: "leave-last", n: 6 } }), folder);
  const theirs = await readSampleRows(other.out);
  const { scores } = await scoreSplit(cell, "test", other.out);
  // Rows of interactions are the same in both; those that both test have the same score.
  const own = new Map([...data.test].map((row, at) => [row, kept[at]!]));
  const shared = [...theirs.test].flatMap((row, at) =>
    row < theirs.interactions && own.has(row) ? [[scores[at]!, own.get(row)!] as const] : [],
  );
  expect(shared.length).toBeGreaterThan(20);
  expect(
    largest(
      shared.map(([a]) => a),
      shared.map(([, b]) => b),
    ),
  ).toBeLessThan(1e-6);
  const plain = spec();
  const without = await prepare(
    { ...plain, interactions: { file: "clicks.csv", user: "user", item: "item", time: "time" } },
    folder,
  );
  await expect(scoreSplit(cell, "test", without.out)).rejects.toThrow(
    "the cell was trained with the field device of the context",
  );
});

it("a sample of a file has the context that it names", async () => {
  const [row] = data.test;
  const device = data.fields!.find(({ name }) => name === "device")!;
  const hour = data.fields!.find(({ name }) => name === "hour")!;
  const textOf = (field: typeof device): string => field.texts[field.value[row!]!]!;
  const user = "u0";
  expect(data.interactionUser[row!]).toBe(1);
  const past = Array.from({ length: 5 }, (_, n) => row! - 5 + n);
  const names = readFileSync(join(dataset, "items.jsonl"), "utf8").trim().split("\n");
  const idOf = (at: number): string =>
    (JSON.parse(names[data.interactionItem[at]! - 1]!) as { id: string }).id;
  const history = past.map((at) => ({ item: idOf(at) }));
  const item = idOf(row!);
  const file = join(scratch.path, "samples.jsonl");
  const context = { device: textOf(device), hour: Number(textOf(hour)) };
  const sample = { user, item, history, context };
  const write = (...samples: object[]): void =>
    writeFileSync(file, samples.map((each) => JSON.stringify(each)).join("\n"));
  write(sample, { ...sample, context: {} }, { ...sample, context: { device: "fax" } });
  const { scores } = await scoreFile(cell, file);
  expect(Math.abs(scores[0]! - kept[0]!)).toBeLessThan(1e-6);
  expect(scores[1]).not.toBe(scores[0]);
  // Neither no value nor a strange one stands in training: both are nothing, as is the hour.
  expect(scores[2]).toBe(scores[1]);
  write({ ...sample, context: { phone: 1 } });
  await expect(scoreFile(cell, file)).rejects.toThrow(
    "samples.jsonl:1: the context has no field phone; the data set has device, hour",
  );
  write({ ...sample, context: { hour: "noon" } });
  await expect(scoreFile(cell, file)).rejects.toThrow('the field hour is "noon", no number');

  // Without a user id, who has the fields and the history of a user has the user's score.
  const other = { ...sample, user: "u5" };
  const nobody = { ...sample, user: "new" };
  const age = { user_fields: { age: 20 } };
  write(other, { ...other, ...age }, nobody, { ...nobody, ...age }, { ...nobody, user_fields: {} });
  const { scores: theirs, samples } = await scoreFile(cell, file);
  expect(Math.abs(theirs[1]! - kept[0]!)).toBeLessThan(1e-6);
  expect(Math.abs(theirs[3]! - kept[0]!)).toBeLessThan(1e-6);
  expect(theirs[0]).not.toBe(theirs[1]);
  expect(theirs[2]).not.toBe(theirs[3]);
  expect(theirs[4]).toBe(theirs[2]);
  expect(samples[3]!.user_fields).toEqual({ age: 20 });
  write({ ...nobody, user_fields: { country: "NL" } });
  await expect(scoreFile(cell, file)).rejects.toThrow(
    "samples.jsonl:1: users have no field country; the data set has age",
  );
});

it("the exported model gives the same scores from ids and weights", async () => {
  const target = scratch.folder();
  const inputs = await exportModel(cell, target);
  const rows = [...data.test.subarray(0, 30)];
  const fitted = fitFields(data)!;
  const behind = (row: number): number => data.anchor![row]!;
  const past = rows.map((row) => Array.from({ length: 5 }, (_, n) => behind(row) - 5 + n));
  const item = (row: number): number => data.interactionItem[row]!;
  const slots = (
    of: "user" | "item" | "context",
    place: number,
    what: "ids" | "weights",
  ): number[] => {
    const table = fitted.tables[of]!;
    return [...table[what].subarray(place * table.slots, (place + 1) * table.slots)];
  };
  const values = samplesOf(data, rows, past);
  for (const [suffix, what] of [
    ["fields", "ids"],
    ["field_weights", "weights"],
  ] as const) {
    values[`user_${suffix}`] = rows.map((row) => slots("user", data.interactionUser[row]!, what));
    values[`item_${suffix}`] = rows.map((row) => slots("item", item(row), what));
    values[`context_${suffix}`] = rows.map((row) => slots("context", behind(row), what));
    values[`history_${suffix}`] = past.map((own) =>
      own.map((row) => slots("item", item(row), what)),
    );
  }
  expect(largest(await scoresOf(target, inputs, values), kept.subarray(0, 30))).toBeLessThan(2e-6);
});
