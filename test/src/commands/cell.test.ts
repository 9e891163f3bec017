import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../support/engine.js";

let lab: Lab;
let cells: readonly { readonly id: string; readonly name: string; readonly stage: string }[];
const spec =
  "name: toy\ntoy: {file: data.txt}\nsweep: {grid: {toy.model: [a, b], toy.note: [x, y], seed: [1, 2]}}\n";

beforeAll(async () => {
  lab = await Lab.open();
  await writeFile(path.join(lab.folder, "data.txt"), "one");
  expect((await lab.run("sweep", await lab.spec(spec))).code).toBe(0);
  ({ cells } = JSON.parse((await lab.run("plan", "spec.yaml", "--json")).stdout) as {
    cells: typeof cells;
  });
}, 60_000);
afterAll(() => lab.close());

describe("a cell in a command", () => {
  it.each([
    ["settings", () => "model=b note=x seed=2"],
    ["settings with commas", () => "toy.model=b,note=x,seed=2"],
    ["its name", () => cells[5]!.name],
    ["the beginning of its id", () => cells[5]!.id.slice(0, 12)],
    ["its stage", () => cells[5]!.stage],
  ])("is named by %s, and stderr says which one it is", async (_, word) => {
    expect(cells[5]!.name).toBe("b x seed=2");
    const { code, stdout, stderr } = await lab.run("shout", word());
    expect([code, stdout.split("\n")[0]]).toEqual([0, "B"]);
    expect(stderr).toContain(`cell: b x seed=2 (${cells[5]!.id}) of toy`);
  });

  it.each([
    ["model=b seed=2", ["could be any of 2 cells of toy", "b x seed=2 (", "b y seed=2 ("]],
    ["model=c", ["no cell of any sweep is model=c", "a x seed=1 ("]],
    [
      "modl=b",
      ['no cell has a setting "modl"; did you mean toy.model?', "the last sweep, toy, has:"],
    ],
  ])(
    "that is ambiguous or not there is one clear error with the candidates: %s",
    async (word, said) => {
      const { code, stdout, stderr } = await lab.run("shout", word);
      expect([code, stdout]).toEqual([2, ""]);
      for (const part of said) expect(stderr).toContain(part);
      expect(stderr.match(/error:/g)).toHaveLength(1);
    },
  );

  it("is explained, leaf by leaf, by any of its names and also where its settings have changed", async () => {
    const all = { differences: [], would_run: false };
    const explain = async (
      ...words: string[]
    ): Promise<{ name: string; differences: object[] }[]> => {
      const { code, stdout, stderr } = await lab.run("explain", ...words, "--json");
      expect(code, stderr).toBe(0);
      return (JSON.parse(stdout) as { stages: { name: string; differences: object[] }[] }).stages;
    };
    expect(await explain("model=b", "note=x", "seed=2")).toMatchObject([
      { name: "base base", ...all },
      { name: "model b x seed=2", ...all },
    ]);
    // Behind a spec too; what is of no axis stands in place of the spec's own setting.
    const named = await explain("spec.yaml", "model=b", "note=x", "seed=2");
    expect(named.map(({ name }) => name)).toEqual(["base base", "model b x seed=2"]);
    expect(await explain("spec.yaml", "b x seed=2")).toEqual(named);
    const told = await explain("spec.yaml", "toy.act=tell", "model=b", "--only", "seed=2");
    expect(told.map(({ name }) => name)).toEqual([
      "base base",
      "model b x seed=2",
      "model b y seed=2",
    ]);
    expect(told[1]!.differences).toMatchObject([{ name: "act", now: '"tell"' }]);
    const nine = await lab.run("explain", "spec.yaml", "seed=9");
    expect([nine.code, nine.stderr]).toEqual([
      2,
      expect.stringContaining("the setting seed=9 selects no cell"),
    ]);
    // A file that is read, and a setting that no axis varies.
    await writeFile(path.join(lab.folder, "data.txt"), "two");
    await lab.spec(spec.replace("{file: data.txt}", "{file: data.txt, act: tell}"));
    const [base, model] = await explain(cells[5]!.id);
    expect(base).toMatchObject({ differences: [{ what: "file", name: "data" }] });
    expect(model!.name).toBe("model b x seed=2");
    expect(model!.differences).toMatchObject([
      { what: "parameter", name: "act", before: '"work"', now: '"tell"' },
      { what: "input", name: "base" },
    ]);
    const stages = await explain(await lab.fingerprint("base base"));
    expect(stages.map(({ name }) => name)).toEqual(["base base"]);
    await lab.spec(spec.replace("[a, b]", "[a]"));
    const gone = await lab.run("explain", "b x seed=2");
    expect([gone.code, gone.stderr]).toEqual([
      2,
      expect.stringContaining("spec.yaml has no cell b x seed=2 any more"),
    ]);
  });

  it("is named by its name also where that looks like settings", async () => {
    // An axis of numbers stands with its path, one of words without.
    const grid =
      "name: looks\ntoy: {file: data.txt}\nsweep: {grid: {toy.cards: [0, 1], toy.model: [a, b]}}\n";
    await writeFile(path.join(lab.folder, "looks.yaml"), grid);
    expect((await lab.run("sweep", "looks.yaml", "--only", "cards=0")).code).toBe(0);
    const { code, stdout, stderr } = await lab.run("shout", "cards=0 b");
    expect([code, stdout.split("\n")[0]]).toEqual([0, "B"]);
    expect(stderr).toContain("cell: cards=0 b (");
  });
});
