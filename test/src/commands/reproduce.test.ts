import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../../../src/base/json.js";
import { ownSurroundings } from "../../../src/base/package.js";
import { Lab } from "../../support/engine.js";

let lab: Lab;
interface Planned {
  readonly cells: readonly { readonly id: string; readonly stage: string; readonly name: string }[];
}
interface Lock {
  readonly code: { readonly version: string };
  readonly cells: readonly {
    readonly id: string;
    readonly stage: string;
    readonly metrics: Json;
  }[];
  readonly stages: readonly {
    readonly runner: string;
    readonly params: { readonly name: string };
    readonly ran_in: Json;
  }[];
}
const json = async <T>(...call: string[]): Promise<T> => {
  const { code, stdout, stderr } = await lab.run(...call);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T;
};
const lockOf = async (folder: string): Promise<Lock> =>
  JSON.parse(await readFile(path.join(lab.folder, folder, "lock.json"), "utf8")) as Lock;

beforeAll(async () => {
  lab = await Lab.open();
  // Settings on the command line belong to what was run.
  const spec =
    "name: toy\ntoy: {middle: m}\nresources: {toys_per_card: 3}\nsweep: {grid: {toy.model: [a, b], seed: [1, 2]}}\n" +
    "compare: {baseline: {toy.model: a}, metrics: [value]}\n";
  expect(
    (await lab.run("sweep", await lab.spec(spec), "toy.note=x", "--store", "store")).code,
  ).toBe(0);
}, 60_000);
afterAll(() => lab.close());

describe("reproduce", () => {
  it("writes a spec that is the whole sweep again", async () => {
    const before = await json<Planned>("plan", "spec.yaml", "toy.note=x", "--json");
    const said = await json("reproduce", "toy", "--out", "all", "--json");
    const after = await json<Planned>("plan", "all/spec.yaml", "--json");
    expect(after.cells).toEqual(before.cells);
    expect(after.cells).toHaveLength(4);
    expect((await lockOf("all")).cells.map(({ id }) => id)).toEqual(
      before.cells.map(({ id }) => id),
    );
    // What each stage ran in, which nothing has changed since.
    const ranIn = (await lockOf("all")).stages.map((one) => one.ran_in);
    expect(ranIn).toEqual(ranIn.map(() => ownSurroundings()));
    expect(said).toMatchObject({ exact: true, environment: [] });
    const text = await readFile(path.join(lab.folder, "all/spec.yaml"), "utf8");
    expect(text).toContain("baseline:");
  });

  it("overwrites nothing, and says where there is no such cell or sweep", async () => {
    await writeFile(path.join(lab.folder, "lock.json"), "mine");
    const there = await lab.run("reproduce", "model=b", "seed=2", "--out", ".");
    expect([there.code, there.stderr]).toEqual([2, expect.stringContaining("is there already")]);
    expect(await readFile(path.join(lab.folder, "lock.json"), "utf8")).toBe("mine");
    const none = await lab.run("reproduce", "nobody", "--out", "none");
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("no sweep is nobody")]);
  });
});
