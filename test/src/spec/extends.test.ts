import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/base/json.js";
import { isJsonObject } from "../../../src/base/json.js";
import { type Experiment, loadSpec, renderDiagnostic } from "../../../src/spec/index.js";
import { experimentOf } from "./read.js";
import { shapes } from "./shapes.js";

/** A folder with these files; gives their paths. */
function folderWith(files: {
  readonly [name: string]: string | JsonObject;
}): (name: string) => string {
  const folder = mkdtempSync(path.join(tmpdir(), "r4ec-extends-"));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  }
  return (name) => path.join(folder, name);
}

function load(file: string): Experiment {
  const result = loadSpec(file, shapes);
  if (!result.ok) throw new Error(result.error.map(({ message }) => message).join("\n"));
  return result.value;
}

/** All that is said about a spec, places without the folder. */
function said(file: string): readonly string[] {
  const result = loadSpec(file, shapes);
  const found = result.ok ? result.value.diagnostics : result.error;
  return found.map((one) => renderDiagnostic(one, null).replaceAll(`${path.dirname(file)}/`, ""));
}

/** The rule in its simplest form: what `extends` must do. */
function merged(lower: Json, upper: Json): Json {
  if (!isJsonObject(lower) || !isJsonObject(upper)) return upper;
  const keys = [...new Set([...Object.keys(lower), ...Object.keys(upper)])];
  return Object.fromEntries(
    keys.map((key) => [
      key,
      Object.hasOwn(lower, key) && Object.hasOwn(upper, key)
        ? merged(lower[key]!, upper[key]!)
        : (upper[key] ?? lower[key])!,
    ]),
  );
}

const small = fc.integer({ min: 1, max: 9 });
const layer = fc.record(
  {
    seed: small,
    dataset: fc.record({ user_core: small }, { requiredKeys: [] }),
    ctr: fc.record(
      { epochs: small, batch_size: small, mlp: fc.array(small, { minLength: 1, maxLength: 3 }) },
      { requiredKeys: [] },
    ),
    sweep: fc.record({
      grid: fc.record(
        {
          "ctr.learning_rate": fc.uniqueArray(
            small.map((one) => one / 1000),
            { minLength: 1 },
          ),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;
const root: JsonObject = { name: "t", dataset: { id: "ml-100k" }, backbone: "din" };

describe("extends", () => {
  it("lays files over each other: mappings merge, lists and single values replace", () => {
    fc.assert(
      fc.property(layer, layer, layer, (one, two, three) => {
        const chain = folderWith({
          "one.yaml": { ...(merged(root, one) as JsonObject) },
          "two.yaml": { extends: "one.yaml", ...two },
          "spec.yaml": { extends: "two.yaml", ...three },
        });
        const list = folderWith({
          "one.yaml": { ...(merged(root, one) as JsonObject) },
          "two.yaml": two,
          "spec.yaml": { extends: ["one.yaml", "two.yaml"], ...three },
        });
        const whole = experimentOf(JSON.stringify([one, two, three].reduce<Json>(merged, root)));
        for (const file of [chain("spec.yaml"), list("spec.yaml")]) {
          const { cells, resolved } = load(file);
          expect(cells).toEqual(whole.cells);
          expect(resolved).toEqual(whole.resolved);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("writes a short form out where a mapping is laid over it", () => {
    const file = folderWith({
      "base.yaml": "name: t\ndataset: ml-100k\nbackbone: din\nknowledge: r4ec\n",
      "spec.yaml": "extends: base.yaml\ndataset: {user_core: 5}\nknowledge: {iterations: 3}\n",
    });
    const [cell] = load(file("spec.yaml")).cells;
    expect(cell!.settings).toMatchObject({
      dataset: { id: "ml-100k", user_core: 5 },
      knowledge: { variant: "r4ec", iterations: 3 },
    });
  });

  it("puts each mistake into the file where it stands, all in one go", () => {
    const file = folderWith({
      "base/base.yaml": "name: t\ndataset: ml-100k\nbackbone: din\nctr:\n  epochs: 0\n  mlp: [1]\n",
      "spec.yaml":
        "extends: base/base.yaml\nctr: {batch_size: 0}\nsweep: {grid: {ctr.epoch: [1]}}\n",
    });
    expect(said(file("spec.yaml"))).toEqual([
      "spec.yaml:2:19 error: ctr.batch_size must be at least 1, not 0",
      'spec.yaml:3:16 error: no setting has the path "ctr.epoch"; did you mean ctr.epochs?',
      "base/base.yaml:5:11 error: ctr.epochs must be at least 1, not 0",
    ]);
  });

  it("finds files from the file that names them, and paths in settings too", () => {
    const file = folderWith({
      "shared/data/x": "",
      "shared/base.yaml": "extends: ../more/root.yaml\ndataset: {path: data}\n",
      "more/root.yaml": "name: t\ndataset: {id: ml-1m, path: nowhere}\nbackbone: din\n",
      "own/spec.yaml": "extends: ../shared/base.yaml\n",
      "own/sweep.yaml": "extends: ../shared/axis.yaml\n",
      "shared/axis.yaml":
        "extends: base.yaml\nsweep: {grid: {dataset.path: [data, ./data]}, include: [{dataset.path: data}]}\n",
    });
    expect(load(file("own/spec.yaml")).cells[0]!.settings["dataset"]).toMatchObject({
      path: "../shared/data",
    });
    const paths = load(file("own/sweep.yaml")).cells.map(({ settings }) => settings["dataset"]);
    expect(paths).toMatchObject([{ path: "../shared/data" }]);
  });

  it("takes a file once, whoever extends it", () => {
    const file = folderWith({
      "root.yaml": "name: t\ndataset: ml-100k\nbackbone: din\nctr: {epochs: 1}\n",
      "a.yaml": "extends: root.yaml\nctr: {epochs: 2}\n",
      "b.yaml": "extends: root.yaml\nctr: {batch_size: 3}\n",
      "spec.yaml": "extends: [a.yaml, b.yaml]\n",
    });
    // b.yaml is root.yaml with more, and it lies over a.yaml.
    const { cells, composition } = load(file("spec.yaml"));
    expect(cells[0]!.settings["ctr"]).toMatchObject({ epochs: 1, batch_size: 3 });
    expect(composition!.bases.map((base) => path.basename(base.file))).toEqual([
      "root.yaml",
      "a.yaml",
      "b.yaml",
    ]);
  });

  it("refuses a circle at the place that closes it", () => {
    const file = folderWith({
      "spec.yaml": "name: t\nextends: a.yaml\n",
      "a.yaml": "extends:\n  - b.yaml\n",
      "b.yaml": "extends: spec.yaml\n",
      "self.yaml": "extends: ./self.yaml\n",
    });
    expect(said(file("spec.yaml"))).toEqual([
      "b.yaml:1:10 error: a file cannot extend itself: spec.yaml extends a.yaml extends b.yaml extends spec.yaml",
    ]);
    expect(said(file("self.yaml"))).toEqual([
      "self.yaml:1:10 error: a file cannot extend itself: self.yaml extends self.yaml",
    ]);
  });

  it.each([
    ["extends: none.yaml\n", "spec.yaml:1:10 error: cannot read none.yaml: there is no such file"],
    ["extends: .\n", "spec.yaml:1:10 error: cannot read .: this is a folder, not a file"],
    ["extends: list.yaml\n", "list.yaml:1:1 error: a spec is a mapping of settings"],
    ["extends: broken.yaml\n", "broken.yaml:1:7 error: "],
    ["name: t\nextends: 7\n", "spec.yaml:2:10 error: extends must be text or a list, not 7"],
    ["name: t\nextends: []\n", "spec.yaml:2:10 error: extends needs at least 1 value"],
  ])("%j: is one error with its place", (text, message) => {
    const file = folderWith({
      "spec.yaml": text,
      "list.yaml": "- 1\n",
      "broken.yaml": "name: t\n  x: 1\n",
    });
    const errors = said(file("spec.yaml"));
    expect(errors[0]).toContain(message);
    expect(errors).toHaveLength(1);
  });
});
