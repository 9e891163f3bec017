import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { filledRows, lengthOf, rowOf } from "../../../../runners/base/artifacts/rows.js";
import type { Vectors } from "../../../../runners/base/artifacts/vectors.js";
import { readVectors } from "../../../../runners/base/artifacts/vectors.js";
import { writeVectors } from "../../../../runners/base/artifacts/write-vectors.js";
import { writeNpy } from "../../../../runners/base/files/write-npy.js";
import { centerRunner } from "../../../../runners/stages/center/runner.js";
import { writeDataset } from "../../../support/knowledge/dataset.js";
import { newFolder, removeFolders, runStage } from "../../../support/stage.js";

afterAll(removeFolders);

// User n rates item n, then item n + 1 and so on: row 4 (n - 1) + r is of user n, item n + r.
const USERS = 6;
const PER_USER = 4;
const ITEMS = USERS + PER_USER - 1;

/** Users 1 to 4 are trained on, with their first item each; user 5 is held out, user 6 tests. */
async function datasetFolder(): Promise<string> {
  const folder = await writeDataset({
    users: Array.from({ length: USERS }, (_, user) =>
      Array.from({ length: PER_USER }, (_, at) => [user + 1 + at, 4] as const),
    ),
    items: Array.from({ length: ITEMS }, (_, item) => ({ title: `Title ${item + 1}` })),
  });
  const rows = (name: string, ...numbers: readonly number[]) =>
    writeNpy(path.join(folder, `${name}.npy`), Int32Array.from(numbers), [numbers.length]);
  const first = (user: number) => PER_USER * (user - 1);
  await rows("train", first(1), first(2), first(3), first(4), first(5));
  await rows("valid", first(5));
  await rows("test", first(6));
  return folder;
}

const vectorsOf = (rows: readonly (readonly number[])[]): Vectors["users"] => ({
  width: 2,
  numbers: Float32Array.from([[0, 0], ...rows].flat()),
  withoutText: rows.filter((row) => row.every((number) => number === 0)).length,
});

const users = [
  [3, 4],
  [1, 0],
  [0, 0],
  [2, -1],
  [5, 1],
  [0.5, 7],
];
const items = Array.from({ length: ITEMS }, (_, item) => [1 + item, 2 - item / 4]);
const real: Vectors = { model: "m", users: vectorsOf(users), items: vectorsOf(items) };

async function centred(vectors: Vectors) {
  const folder = await newFolder();
  await writeVectors(folder, vectors);
  const inputs = { dataset: await datasetFolder(), vectors: folder };
  const { out, result, error, thrown } = await runStage({
    runner: centerRunner,
    params: {},
    inputs,
  });
  expect(thrown).toBeUndefined();
  return { error, result, made: error === undefined ? await readVectors(out) : null };
}

describe("vectors without their mean", () => {
  it("keep their lengths, and rows of zeros", async () => {
    const { made } = await centred(real);
    for (const side of ["users", "items"] as const) {
      const filled = filledRows(real[side]);
      expect(filledRows(made![side])).toEqual(filled);
      expect(made![side].withoutText).toBe(real[side].withoutText);
      for (const row of filled) {
        const [before, after] = [rowOf(real[side], row), rowOf(made![side], row)];
        expect(lengthOf(after)).toBeCloseTo(lengthOf(before), 5);
      }
    }
  });

  it("point away from the mean of those that models are trained on: by hand", async () => {
    const { made } = await centred(real);
    // Users 1, 2 and 4 are trained on and have a vector: their mean is (2, 1).
    const user = (number: number) => [...rowOf(made!.users, number)];
    expect(user(1)[0]).toBeCloseTo(5 / Math.sqrt(10), 5);
    expect(user(1)[1]).toBeCloseTo(15 / Math.sqrt(10), 5);
    expect(user(2)[0]).toBeCloseTo(-1 / Math.sqrt(2), 5);
    expect(user(2)[1]).toBeCloseTo(-1 / Math.sqrt(2), 5);
    // Users of no training sample lose the same mean.
    const left = [-1.5, 6].map((n) => (n * Math.hypot(0.5, 7)) / Math.hypot(1.5, 6));
    user(6).forEach((number, at) => expect(number).toBeCloseTo(left[at]!, 5));
  });

  it.each([
    ["a user held out for validation", "users", 5, 1],
    ["a user of the test split", "users", 6, 1],
    ["an item that only histories and test hold", "items", 9, 1],
  ] as const)("owe nothing to %s", async (_, side, row, other) => {
    const numbers = real[side].numbers.slice();
    numbers.set([40, -70], row * 2);
    const changed = { ...real, [side]: { ...real[side], numbers } };
    const [before, after] = [await centred(real), await centred(changed)];
    expect(rowOf(after.made![side], other)).toEqual(rowOf(before.made![side], other));
    expect(rowOf(after.made![side], row)).not.toEqual(rowOf(before.made![side], row));
  });

  it("are refused where nothing is left, in words", async () => {
    const alike = vectorsOf(users.map(() => [1, 2]));
    const { error } = await centred({ ...real, users: alike });
    expect(error).toMatchObject({ kind: "spec" });
    expect(error?.message).toBe(
      "knowledge.embed.center can't be done: nothing is left of a vector of the users, which equals their mean",
    );
    const one = vectorsOf(users.map((row, at) => (at === 1 ? row : [0, 0])));
    expect((await centred({ ...real, users: one })).error?.message).toMatch(
      /nothing is left of the one vector of the users/,
    );
    const untrained = vectorsOf(users.map((row, at) => (at > 3 ? row : [0, 0])));
    expect((await centred({ ...real, users: untrained })).error?.message).toMatch(
      /none of the users that models are trained on has a vector/,
    );
  });

  it("pass where a side has no vector at all, and tell how close they lie", async () => {
    const nobody = vectorsOf(users.map(() => [0, 0]));
    const { made, result } = await centred({ ...real, users: nobody });
    expect(made!.users).toEqual(nobody);
    expect(Object.keys(result!.metrics)).toEqual(["items.mean_cosine"]);
  });
});
