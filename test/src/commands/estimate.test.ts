import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { commandLine } from "../../support/command-line.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "r4ec-estimate-"));
  const table =
    "{ id: table, interactions: { file: none.csv, user: u, item: i, rating: r }, label: { above: 3 } }";
  for (const [name, dataset] of Object.entries({ table, known: "ml-1m" })) {
    const text = `name: ${name}\ndataset: ${dataset}\nbackbone: din\nknowledge: none\n`;
    await writeFile(path.join(folder, `${name}.yaml`), text);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const r4ec = commandLine(() => folder);

it("reckons without the data's files: published sizes, those of the spec, or a word that they are not known", async () => {
  const known = await r4ec("plan", "known.yaml", "--estimate", "--summary");
  expect(known.stderr).toContain("2:1 warning: ml-1m needs `path`");
  expect(known.exitCode).toBe(0);
  // 737,358 training samples, 20 epochs, 50,000 samples a second.
  expect(known.stdout).toMatch(/^ctr +1 .* +- +- +0\.08/mu);
  expect(known.stdout).toMatch(/cell by cell, takes: 1 card .*, 2 cards .*, 4 cards .*, 8 cards/u);
  expect(known.stdout).not.toContain("to run");
  const unknown = await r4ec("plan", "table.yaml", "--estimate", "--summary", "--json");
  expect(unknown.stderr).toContain("warning: there is no file none.csv");
  const { estimate } = JSON.parse(unknown.stdout) as {
    estimate: { unknown: string[]; total: { gpuHours: number } };
  };
  expect(estimate.unknown).toEqual([expect.stringContaining("dataset.sizes says it")]);
  const sizes = "dataset.sizes={users: 9, items: 9, train: 9000000, test: 9}";
  const said = await r4ec("plan", "table.yaml", "--estimate", "--summary", "--json", sizes);
  expect(JSON.parse(said.stdout)).toMatchObject({
    estimate: { total: { gpuHours: 1 }, gpu_hours_by_cards: { 1: 1, 8: 1 } },
  });
  expect(said.stdout).not.toContain("unknown");
}, 60_000);

it("leaves the files to a plan, and the sums to an estimate", async () => {
  const plan = await r4ec("plan", "table.yaml");
  expect([plan.exitCode, plan.stderr]).toEqual([
    2,
    expect.stringContaining("2:45 error: there is no file none.csv"),
  ]);
  const summary = await r4ec("plan", "known.yaml", "--summary");
  expect([summary.exitCode, summary.stderr]).toEqual([
    2,
    expect.stringContaining("--summary needs --estimate"),
  ]);
}, 60_000);
