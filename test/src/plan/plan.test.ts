import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/base/json.js";
import { UserError } from "../../../src/base/exit.js";
import { cellIdOf } from "../../../src/base/fingerprint.js";
import { FileHashes, makePlan, narrowPlan, parseSelector } from "../../../src/plan/index.js";
import type { Plan } from "../../../src/plan/index.js";
import { explainStages } from "../../../src/plan/explain.js";
import type { Runner, StageRequest } from "../../../src/contract/runner.js";
import type { Science } from "../../../src/contract/science.js";
import type { Cell } from "../../../src/spec/index.js";
import { manifestOf } from "../../../src/store/manifest.js";

const runner = (name: string, version = 1): Runner => ({
  name,
  version,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  load: () => Promise.reject(new Error("a plan runs nothing")),
});

/** dataset ← model, the data set reading a file; every call makes new objects. */
function scienceOf(version = 1, execution: JsonObject = {}): Science {
  const runners = [runner("dataset", version), runner("model")];
  return {
    about: "",
    headline: [],
    curves: [],
    quickstart: { spec: "toy.yaml", describe: "run a toy" },
    starter: { questions: () => [], write: () => "" },
    cellsPerCard: { setting: "per_card", schema: {} },
    fragments: {},
    expand: (settings) => settings,
    ignored: () => [],
    neutral: {},
    check: () => [],
    plan: (settings, place) => {
      const file = settings["file"];
      const dataset: StageRequest = {
        runner: "dataset",
        label: "dataset",
        params: { id: settings["dataset"] ?? "d" },
        inputs: {},
        files: typeof file === "string" ? { raw: { path: path.join(place.folder, file) } } : {},
        execution,
      };
      return {
        runner: "model",
        label: "model",
        params: { options: settings["options"] ?? {}, seed: settings["seed"] ?? 0 },
        inputs: { data: dataset },
        files: {},
        execution,
      };
    },
    runner: (name) => runners.find((one) => one.name === name),
    environments: [],
    commands: [],
  };
}

const cellOf = (settings: JsonObject): Cell => ({
  id: cellIdOf(settings),
  settings,
  gpu: null,
  axes: {},
  included: false,
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "r4ec-plan-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const plan = (
  settings: readonly JsonObject[],
  science = scienceOf(),
  place = folder,
): Promise<Plan> =>
  makePlan(
    { name: "toy", folder: place, cells: settings.map(cellOf) },
    science,
    new FileHashes(path.join(folder, "store")),
  );

const seeds = (count: number): JsonObject[] =>
  Array.from({ length: count }, (_, seed) => ({ seed, dataset: "d" }));

/** The same value with the keys of every object in another order. */
function shuffled(value: Json): Json {
  if (Array.isArray(value)) return value.map(shuffled) as Json;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as JsonObject).reverse();
  return Object.fromEntries(entries.map(([key, inner]) => [key, shuffled(inner)]));
}

const settingsArbitrary = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== "__proto__"),
  fc.oneof(fc.integer(), fc.boolean(), fc.string({ maxLength: 5 }), fc.array(fc.integer())),
  { maxKeys: 6 },
);

describe("a plan", () => {
  it("has a shared stage once, before what needs it, and each cell's own", async () => {
    const { cells, stages } = await plan(seeds(3));
    const list = [...stages.values()];
    expect(list.map((stage) => stage.record.runner)).toEqual([
      "dataset",
      "model",
      "model",
      "model",
    ]);
    expect(list[1]!.needs).toEqual([list[0]!.record.fingerprint]);
    expect(new Set(cells.map((cell) => cell.stage)).size).toBe(3);
  });

  it("does not depend on the order of keys", async () => {
    await fc.assert(
      fc.asyncProperty(settingsArbitrary, async (options) => {
        const one = { seed: 1, options: options as JsonObject };
        const [a, b] = [await plan([one]), await plan([shuffled(one) as JsonObject])];
        expect(a.cells[0]!.stage).toBe(b.cells[0]!.stage);
        expect(a.sweep).toBe(b.sweep);
      }),
    );
  });

  it("tells different settings apart", async () => {
    await fc.assert(
      fc.asyncProperty(settingsArbitrary, settingsArbitrary, async (one, two) => {
        const { cells } = await plan([
          { seed: 1, options: one as JsonObject },
          { seed: 1, options: two as JsonObject },
        ]);
        const equal =
          JSON.stringify(shuffled(one as Json)) === JSON.stringify(shuffled(two as Json));
        const sorted = (value: object): string =>
          JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
        expect(cells[0]!.stage === cells[1]!.stage).toBe(equal || sorted(one) === sorted(two));
      }),
    );
  });

  it("does not confuse 12 with [1, 2] or 21, nor 1 with true or '1'", async () => {
    const values: Json[] = [12, 21, [1, 2], "12", { "1": 2 }, 1, true, "1", null, "null"];
    const { cells } = await plan(values.map((options) => ({ options })));
    expect(new Set(cells.map((cell) => cell.stage)).size).toBe(values.length);
  });

  it("keeps its fingerprints for ever: artifacts of older versions stay in use", async () => {
    const { cells, sweep } = await plan([{ seed: 1, dataset: "ml-100k", options: { b: 1, a: 2 } }]);
    expect([cells[0]!.id, cells[0]!.stage, sweep]).toMatchInlineSnapshot(`
      [
        "d6c4359599739b9b",
        "e865d09540b8ed96a02c0bd4a8e14c468a2e648c3464fceabe26a84b3a0a0886",
        "6eb62cfb2d9582cd",
      ]
    `);
  });

  it("counts a user's file by its content, wherever it lies and whenever it changed", async () => {
    const places = ["one", "two"].map((name) => path.join(folder, name));
    const { mkdir } = await import("node:fs/promises");
    for (const place of places) {
      await mkdir(place);
      await writeFile(path.join(place, "raw.txt"), "the same");
    }
    await utimes(path.join(places[1]!, "raw.txt"), 1, 1);
    const one = { seed: 1, file: "raw.txt" };
    const first = await plan([one], scienceOf(), places[0]);
    const second = await plan([one], scienceOf(), places[1]);
    expect(second.cells[0]!.stage).toBe(first.cells[0]!.stage);
    // The same size and time, another content.
    await writeFile(path.join(places[1]!, "raw.txt"), "the Same");
    await utimes(path.join(places[1]!, "raw.txt"), 1, 1);
    const third = await plan([one], scienceOf(), places[1]);
    expect(third.cells[0]!.stage).not.toBe(first.cells[0]!.stage);
  });

  it("names a user's file that cannot be read", async () => {
    const missing = plan([{ seed: 1, file: "missing.txt" }]);
    await expect(missing).rejects.toThrow(UserError);
    await expect(missing).rejects.toThrow("missing.txt");
    await expect(plan([{ seed: 1, file: "." }])).rejects.toThrow("not a file");
  });

  it("changes with the runner's version and not with how a stage is executed", async () => {
    const [first] = (await plan(seeds(1))).cells;
    const [raised] = (await plan(seeds(1), scienceOf(2))).cells;
    const [elsewhere] = (await plan(seeds(1), scienceOf(1, { concurrency: 8 }))).cells;
    expect(raised!.stage).not.toBe(first!.stage);
    expect(elsewhere!.stage).toBe(first!.stage);
  });

  it("hashes a shared file and adds a shared stage once for 100,000 cells", async () => {
    await writeFile(path.join(folder, "shared.txt"), "shared");
    let hashed = 0;
    const files = { hash: () => Promise.resolve(`${(hashed += 1)}`) };
    const dataset: StageRequest = {
      runner: "dataset",
      label: "dataset",
      params: {},
      inputs: {},
      files: { raw: { path: path.join(folder, "shared.txt") } },
      execution: {},
    };
    const science: Science = {
      ...scienceOf(),
      plan: (settings) => ({
        ...{ runner: "model", label: "model", files: {}, execution: {} },
        params: { seed: settings["seed"]! },
        inputs: { data: dataset },
      }),
    };
    const cells = Array.from({ length: 100_000 }, (_, seed) => cellOf({ seed }));
    const made = await makePlan({ name: "big", folder, cells }, science, files);
    expect([made.cells.length, made.stages.size, hashed]).toEqual([100_000, 100_001, 1]);
  });
});

describe("a selector", () => {
  const cells = async (): Promise<Plan> =>
    plan([
      { seed: 1, dataset: "a", options: { rate: 0.001 } },
      { seed: 2, dataset: "a", options: { rate: 0.01 } },
      { seed: 1, dataset: "b", options: { list: [1, 2] } },
      { seed: 3, dataset: "c", options: { kind: "quick" } },
    ]);
  const expand = (settings: JsonObject): JsonObject =>
    typeof settings["options"] === "string" ? { options: { kind: settings["options"] } } : settings;

  it.each([
    [["seed=1"], 2],
    [["seed=1,dataset=b"], 1],
    [["seed=2", "dataset=b"], 2],
    [["dataset!=a"], 2],
    [["rate=1e-3"], 1],
    [["options.list=[1, 2]"], 1],
    // Short for options.kind=quick, as the science says.
    [["options=quick"], 1],
    [["options!=quick"], 3],
  ])("%j keeps %i cells and what they need", async (selectors, count) => {
    const whole = await cells();
    const list = selectors as string[];
    const narrow = narrowPlan(whole, parseSelector(list, whole.cells, expand));
    expect(narrow.cells).toHaveLength(count);
    expect(narrow.sweep).toBe(whole.sweep);
    for (const cell of narrow.cells) {
      for (const need of narrow.stages.get(cell.stage)!.needs) {
        expect(narrow.stages.has(need)).toBe(true);
      }
    }
  });

  it("takes the beginning of a cell's id", async () => {
    const whole = await cells();
    const selected = parseSelector([whole.cells[2]!.id.slice(0, 6)], whole.cells, expand);
    expect(whole.cells.filter(selected)).toEqual([whole.cells[2]]);
  });

  it.each([
    ["sede=1", "did you mean seed?"],
    ["seed=7", "selects no cell"],
    ["what", "neither path=value"],
  ])("%s is refused: %s", async (selector, message) => {
    const whole = await cells();
    expect(() => parseSelector([selector], whole.cells, expand)).toThrow(message);
  });
});

describe("an explanation", () => {
  it("names the parameter, input, file or version that differs from the nearest stage", async () => {
    const before = await plan([{ seed: 1, dataset: "a", options: { rate: 1, deep: { x: 1 } } }]);
    const manifests = [...before.stages.values()].map(({ record }) =>
      manifestOf(record, { metrics: {}, surroundings: { node: "20.1.0", lab: "lab-1" } }, [], {
        ...{ created: new Date(0), seconds: 1 },
      }),
    );
    const now = await plan(
      [{ seed: 1, dataset: "a", options: { rate: 1, deep: { x: 2 } } }],
      scienceOf(2),
    );
    const [dataset, model] = [...now.stages.keys()];
    const around = { node: "22.2.0", lab: "lab-1", "lab.python": "3.12.1" };
    const explained = explainStages(
      now,
      [dataset!, model!],
      manifests,
      new Map([[dataset!, around]]),
    );
    expect(explained[0]!.differences).toEqual([
      { what: "version", name: "version", before: "1", now: "2" },
      { what: "environment", name: "lab.python", before: null, now: "3.12.1" },
      { what: "environment", name: "node", before: "20.1.0", now: "22.2.0" },
    ]);
    expect(explained[1]!.differences).toEqual([
      { what: "parameter", name: "options.deep.x", before: "1", now: "2" },
      {
        what: "input",
        name: "data",
        before: [...before.stages.keys()][0],
        now: dataset,
      },
    ]);
  });
});
