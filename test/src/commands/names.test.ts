import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listSweeps, readJournal } from "../../../src/journal/index.js";
import { Projection } from "../../../src/tracking/projection.js";
import type { Finished } from "../../support/engine.js";
import { Lab } from "../../support/engine.js";

/** Two axes and a seed; the settings beside them belong into no name. */
const SPEC =
  "name: toy\ntoy: {middle: m}\nsweep: {grid: {toy.model: [a, b], toy.note: [x, y], seed: [1, 2]}}\n" +
  "compare: {baseline: {toy.model: a}, metrics: [value]}\n";
const NAMES = ["a", "b"].flatMap((model) =>
  ["x", "y"].flatMap((note) => [1, 2].map((seed) => `${model} ${note} seed=${seed}`)),
);

let lab: Lab;
let swept: Finished;
beforeAll(async () => {
  lab = await Lab.open();
  swept = await lab.run("sweep", await lab.spec(SPEC));
  expect(swept.code, swept.stderr).toBe(0);
}, 60_000);
afterAll(() => lab.close());

const out = async (...call: string[]): Promise<string> => {
  const { code, stdout, stderr } = await lab.run(...call);
  expect(code, stderr).toBe(0);
  return stdout;
};

/** The names of cells of this sweep, and what looks like one, in a text; each once, in order. */
const namesIn = (text: string): string[] =>
  [...new Set(text.match(/\b[ab](?:[ ,;]+[^\s,;"|]+)*? seed=\d/g) ?? [])].sort();

describe("the one name of a cell stands in every view", () => {
  it("in the lines of progress", () => {
    expect(namesIn(swept.stdout + swept.stderr)).toEqual(NAMES);
  });

  it.each([
    ["plan", ["plan", "spec.yaml"]],
    ["plan --json", ["plan", "spec.yaml", "--json"]],
    ["explain", ["explain", "spec.yaml"]],
    ["explain --json", ["explain", "spec.yaml", "--json"]],
    ["results --csv", ["results", "--csv"]],
    ["results --json", ["results", "--json"]],
    ["results --curves", ["results", "--curves", "--csv"]],
  ])("in %s", async (_, call) => {
    expect(namesIn(await out(...call))).toEqual(NAMES);
  });

  it("in what commands say of the cell that they were given, by that name", async () => {
    for (const name of NAMES.slice(0, 3)) {
      const { code, stderr } = await lab.run("shout", name);
      expect([code, namesIn(stderr)]).toEqual([0, [name]]);
      expect(namesIn(await out("reproduce", name, "--out", `again ${name}`))).toEqual([name]);
    }
  });

  it("and picks the cell wherever cells are picked", async () => {
    const [name, ...others] = NAMES;
    for (const call of [
      ["plan", "spec.yaml", "--only", name!],
      ["explain", "spec.yaml", "--only", name!],
      ["sweep", "spec.yaml", "--dry-run", "--only", name!],
      ["explain", "spec.yaml", name!],
    ]) {
      expect(namesIn(await out(...call)), call.join(" ")).toEqual([name]);
    }
    const both = await out("plan", "spec.yaml", "--only", name!, "--only", "toy.note=y,seed=2");
    expect(namesIn(both)).toEqual([name, ...others.filter((one) => one.endsWith("y seed=2"))]);
    const { code, stderr } = await lab.run("plan", "spec.yaml", "--only", "a z seed=1");
    expect([code, stderr]).toEqual([2, expect.stringContaining("--only")]);
  });

  it("in MLflow's runs", async () => {
    const [sweep] = await listSweeps(lab.store);
    const projection = new Projection({ artifactFolder: (stage) => `/artifacts/${stage}` });
    const { entries } = await readJournal(sweep!.folder);
    for (const entry of entries) projection.apply(entry);
    const runs = projection.take().filter(({ key }) => key.startsWith("cell:"));
    expect(runs.map(({ name }) => name).sort()).toEqual(NAMES);
  });

  it("in comparison and report, parted into row and variant", async () => {
    const compared = await out("compare", "spec.yaml");
    expect(compared).toMatch(/^note +a \(baseline\) +b /m);
    for (const row of ["x", "y"]) expect(compared).toMatch(new RegExp(`^${row} `, "m"));
    await out("report", "spec.yaml", "--out", "report.html");
    const page = await readFile(path.join(lab.folder, "report.html"), "utf8");
    expect(page).toMatch(/>a \(baseline\)<\/th>/);
    expect(page).toMatch(/>b<\/th>/);
    expect(page).not.toContain("middle=m");
  });
});

describe("while cells are missing", () => {
  it("status and comparison call them by the same name", async () => {
    const spec = SPEC.replace("name: toy", "name: broken").replace(
      "{middle: m}",
      "{middle: m, act: fail}",
    );
    await lab.spec(spec, "broken.yaml");
    expect((await lab.run("sweep", "broken.yaml")).code).toBe(1);
    for (const call of [
      ["status", "broken.yaml"],
      ["compare", "broken.yaml"],
    ]) {
      const { stdout, stderr } = await lab.run(...call);
      const found = namesIn(stdout + stderr);
      expect(found.length).toBeGreaterThan(0);
      for (const name of found) expect(NAMES).toContain(name);
    }
  });
});
