import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { science } from "../../runners/registry.js";
import { readSpec } from "../../src/spec/load.js";
import { runSource, smallDataset } from "../runners/stages/ctr/own-program/stages.js";
import { removeFolders } from "../support/stage.js";

const root = path.resolve(import.meta.dirname, "../..");
const page = readFileSync(path.join(root, "docs/program-backbone.md"), "utf8");

/** Names in code spans of the first column of the table below a heading. */
function firstColumn(heading: string): string[] {
  const [section] = page.split(`\n## ${heading}\n`)[1]!.split("\n## ");
  const rows = section!.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) =>
    [...row.split("|")[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
}

describe("docs/program-backbone.md", () => {
  let written: readonly string[];
  let params: { readonly [key: string]: unknown };
  beforeAll(async () => {
    const dataset = await smallDataset();
    // Says what it was given as the last words of its log.
    const source = `
import json, os, sys
p = json.load(open(sys.argv[1]))
sys.exit(json.dumps([p, sorted(os.listdir(p["data"]))]))
`;
    const { error } = await runSource(source, dataset);
    const log = readFileSync(error!.log!, "utf8").trim();
    [params, written] = JSON.parse(log) as [typeof params, typeof written];
  }, 60_000);
  afterAll(removeFolders);

  it("names every key of params.json", () => {
    expect(firstColumn("What the program gets").sort()).toEqual(Object.keys(params).sort());
    const [, ctr] = /\| `ctr` +\|([^|]*)\|/.exec(page)!;
    const named = [...ctr!.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name!);
    expect(named.sort()).toEqual(Object.keys(params["ctr"] as object).sort());
  });

  it("names every array, and only arrays that are written", () => {
    const named = firstColumn("The arrays");
    const ofTrain = (name: string): string => name.replace(/^(?:train|valid|test)\./, "train.");
    const table = new Set(named.map(ofTrain));
    // Where a cell has knowledge, or the data set fields: test/runners/stages/dataset/table/fields.test.ts.
    const more = [
      ...["user_knowledge.npy", "item_knowledge.npy", "user_fields.npy", "item_fields.npy"],
      ...["user_field_weights.npy", "item_field_weights.npy"],
      ...["train.context_fields.npy", "train.context_field_weights.npy"],
    ];
    const files = new Set(written.map(ofTrain));
    expect([...table].filter((name) => !more.includes(name)).sort()).toEqual([...files].sort());
    expect(named).toEqual(expect.arrayContaining(more));
  });

  it("shows a spec that is right, with programs that are there", () => {
    const [, text] = /```yaml\n([^]*?)```/.exec(page)!;
    const folder = path.join(root, "experiments/programs");
    const spec = readSpec({ file: "spec.yaml", folder, text: withPython(text!) }, science);
    expect(spec.ok ? spec.value.cells.length : spec.error).toBe(6);
  });

  it("and the example of plain PyTorch is at most 30 lines", () => {
    const folder = path.join(root, "experiments/programs");
    expect(readdirSync(folder).sort()).toEqual(["deepctr_din.py", "programs.yaml", "torch_din.py"]);
    const source = readFileSync(path.join(folder, "torch_din.py"), "utf8");
    const lines = source
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.startsWith('"""'));
    expect(lines.length).toBeLessThanOrEqual(30);
    const spec = parse(readFileSync(path.join(folder, "programs.yaml"), "utf8")) as object;
    expect(spec).toMatchObject({ sweep: { grid: { backbone: expect.any(Array) as unknown[] } } });
  });
});

/** A machine of CI may have `python3` alone. */
const withPython = (text: string): string => text.replaceAll("[python,", "[python3,");
