import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellIdOf } from "../../../src/base/fingerprint.js";
import { canonicalJson, type Json, type JsonObject } from "../../../src/base/json.js";
import { interpolationIn } from "../../../src/spec/interpolation.js";
import { experimentOf, read } from "./read.js";
import { shapes, shapesWith } from "./shapes.js";

const runs = { numRuns: 60 };
const base: JsonObject = { name: "t", dataset: "ml-100k", backbone: "din" };
const idsOf = (document: JsonObject, science = shapes): readonly string[] =>
  experimentOf(JSON.stringify(document), science).cells.map(({ id }) => id);

/** The same value with the keys of every mapping in another order. */
function shuffled(value: Json, order: (length: number) => readonly number[]): Json {
  if (Array.isArray(value)) return value.map((item: Json) => shuffled(item, order));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as JsonObject);
  return Object.fromEntries(
    order(entries.length).map((index) => [entries[index]![0], shuffled(entries[index]![1], order)]),
  );
}

const distinct = (most: number) =>
  fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: most });

/** A text that looks as if something should be filled in is refused: see src/spec/fill-in.ts. */
const isPlain = (text: string): boolean => interpolationIn(text) === null;

/** Settings of a spec, of all kinds. */
const settings = fc.record(
  {
    seed: fc.integer({ min: 0, max: 2147483647 }),
    knowledge: fc.record({
      variant: fc.constant("r4ec"),
      iterations: fc.nat(50),
      actor: fc.string({ minLength: 1, unit: "grapheme" }).filter(isPlain),
      finetune: fc.record({
        epochs: fc.double({ min: 0.001, max: 100, noNaN: true }),
        extra: fc.dictionary(
          fc.string({ minLength: 1 }).filter((key) => key !== "__proto__" && key !== "<<"),
          fc.integer(),
        ),
      }),
    }),
    ctr: fc.record({
      epochs: fc.integer({ min: 1, max: 100 }),
      batch_size: fc.integer({ min: 1, max: 4096 }),
      learning_rate: fc.double({ min: 1e-9, max: 1, noNaN: true }),
      mlp: fc.array(fc.integer({ min: 1, max: 512 }), { minLength: 1, maxLength: 4 }),
    }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;

describe("the number of cells", () => {
  it("is the product of grid and zip groups, less excludes, plus includes", () => {
    const arbitrary = fc.record({
      epochs: distinct(6),
      seeds: distinct(6),
      zipped: distinct(6),
      includes: fc.uniqueArray(fc.integer({ min: 2000, max: 3000 }), { maxLength: 4 }),
      excluded: fc.nat(5),
    });
    fc.assert(
      fc.property(arbitrary, ({ epochs, seeds, zipped, includes, excluded }) => {
        const out = epochs[excluded];
        fc.pre(out === undefined || epochs.length > 1 || includes.length > 0);
        const cells = idsOf({
          ...base,
          sweep: {
            grid: { "ctr.epochs": epochs, seed: seeds },
            zip: [{ "ctr.batch_size": zipped, "ctr.learning_rate": zipped }],
            include: includes.map((seed) => ({ seed })),
            exclude: out === undefined ? [] : [{ "ctr.epochs": out }],
          },
        });
        const kept = epochs.length - (out === undefined ? 0 : 1);
        expect(cells).toHaveLength(kept * seeds.length * zipped.length + includes.length);
        expect(new Set(cells).size).toBe(cells.length);
      }),
      runs,
    );
  });
});

describe("a cell's id", () => {
  it("does not depend on the order of keys", () => {
    const order = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(settings, order, (chosen, stream) => {
        const permutation = (length: number): readonly number[] =>
          Array.from({ length }, (_, index) => ({ index, by: stream.next().value as number }))
            .sort((a, b) => a.by - b.by)
            .map(({ index }) => index);
        const document = { ...base, ...chosen };
        expect(idsOf(shuffled(document, permutation) as JsonObject)).toEqual(idsOf(document));
      }),
      runs,
    );
  });

  it("differs where settings differ", () => {
    fc.assert(
      fc.property(settings, settings, (one, other) => {
        const [a] = experimentOf(JSON.stringify({ ...base, ...one })).cells;
        const [b] = experimentOf(JSON.stringify({ ...base, ...other })).cells;
        expect(a!.id === b!.id).toBe(canonicalJson(a!.settings) === canonicalJson(b!.settings));
      }),
      runs,
    );
  });

  it("tells 12 from 21, wherever the digits stand", () => {
    // Ids made of sorted characters, as FuxiCTR makes them, cannot.
    const one = idsOf({ ...base, ctr: { batch_size: 12 } });
    expect(idsOf({ ...base, ctr: { batch_size: 21 } })).not.toEqual(one);
    const pair = { "ctr.batch_size": [12, 21], "ctr.epochs": [21, 12] };
    expect(new Set(idsOf({ ...base, sweep: { grid: pair } })).size).toBe(4);
  });

  it("tells a number from its text, and where a value stands", () => {
    const actor = (name: string) => idsOf({ ...base, knowledge: { variant: "r4ec", actor: name } });
    expect(actor("1")).not.toEqual(actor("1.0"));
    expect(cellIdOf({ a: 1 })).not.toBe(cellIdOf({ a: "1" }));
    expect(cellIdOf({ a: { b: 1 } })).not.toBe(cellIdOf({ "a.b": 1 }));
    expect(cellIdOf({ a: [1, 2] })).not.toBe(cellIdOf({ a: [12] }));
  });

  it("is the same whether a default is written or not, in short form or in long", () => {
    const long = {
      dataset: { id: "ml-100k", user_core: 60 },
      knowledge: { variant: "none" },
      seed: 1,
    };
    expect(idsOf({ ...base, ...long, ctr: { epochs: 20 } })).toEqual(idsOf(base));
  });

  it("does not depend on name, description, placement, resources, tracking or views", () => {
    const others: JsonObject = {
      name: "other",
      description: "x",
      gpu: 1,
      resources: { gpus: [1] },
      tracking: { mlflow: "off" },
      compare: { metrics: ["test.auc"] },
    };
    expect(idsOf({ ...base, ...others })).toEqual(idsOf(base));
  });

  it("is kept from release to release", () => {
    expect(idsOf(base)).toEqual(["8beffed24889fb62"]);
  });

  it("does not depend on the locale, the time zone or the folder", () => {
    const script = `
      const { readSpec } = await import(${JSON.stringify(new URL("../../../dist/src/spec/load.js", import.meta.url).href)});
      const science = { fragments: { dataset: { description: "x", type: "object", additionalProperties: true, default: {} } },
        cellsPerCard: { setting: "per_card", schema: { description: "x", type: "integer", default: 1 } },
        expand: (s) => s, ignored: () => [], neutral: {}, environments: [], check: () => [] };
      const text = "name: t\\ndataset: {ä: 1, z: 2, a: 3, I: 4, i: 5, ı: 6, İ: 7, é: 8}\\nsweep: {grid: {seed: [1, 2]}}";
      const result = readSpec({ file: "a.yaml", folder: process.cwd(), text }, science);
      console.log(result.value.cells.map(({ id }) => id).join());`;
    const run = (LC_ALL: string, TZ: string, cwd: string): string =>
      execFileSync(process.execPath, ["--input-type=module", "-e", script], {
        env: { ...process.env, LC_ALL, LANG: LC_ALL, TZ },
        cwd,
        encoding: "utf8",
      });
    const here = run("C", "UTC", "/");
    expect(here).toMatch(/^[0-9a-f]{16},[0-9a-f]{16}\n$/);
    expect(run("tr_TR.UTF-8", "Asia/Shanghai", process.cwd())).toBe(here);
    expect(run("sv_SE.UTF-8", "America/New_York", "/tmp")).toBe(here);
  });
});

describe("a setting that came later", () => {
  const younger = shapesWith(
    {
      user_id: { description: "Younger.", type: "boolean", default: false },
      split: {
        description: "A block that is younger as a whole.",
        type: "object",
        additionalProperties: false,
        default: {},
        properties: {
          by: { description: "By what.", enum: ["time", "users"], default: "time" },
          fold: { description: "Which.", type: "integer", default: 1 },
        },
      },
    },
    { "ctr.user_id": false, "ctr.split": { by: "time", fold: 1 } },
  );

  it("changes no id where it stands at its neutral value", () => {
    fc.assert(
      fc.property(settings, (chosen) => {
        const before = idsOf({ ...base, ...chosen });
        expect(idsOf({ ...base, ...chosen }, younger)).toEqual(before);
        const ctr = { ...(chosen["ctr"] as JsonObject), user_id: false, split: { by: "time" } };
        expect(idsOf({ ...base, ...chosen, ctr }, younger)).toEqual(before);
      }),
      runs,
    );
  });

  it("tells cells apart at every other value, and stays among their settings at all", () => {
    const grid = {
      "ctr.user_id": [false, true],
      "ctr.split.by": ["time", "users"],
      "ctr.split.fold": [1, 2],
    };
    const { cells } = experimentOf(JSON.stringify({ ...base, sweep: { grid } }), younger);
    expect(new Set(cells.map(({ id }) => id)).size).toBe(8);
    expect(idsOf(base)).toEqual([cells[0]!.id]);
    expect(cells[0]!.settings["ctr"]).toMatchObject({
      user_id: false,
      split: { by: "time", fold: 1 },
    });
  });

  it("is not remarked on where it has no effect and stands at its neutral value", () => {
    const idle = {
      ...younger,
      ignored: () => [{ path: "ctr.user_id", because: "nobody reads it" }],
    };
    const remarks = (values: readonly boolean[]) => {
      const sweep = { grid: { "ctr.user_id": values, seed: [1, 2] } };
      const result = read(JSON.stringify({ ...base, sweep }), idle);
      return (result.ok ? result.value.diagnostics : result.error).filter(({ message }) =>
        message.startsWith("ctr.user_id has no effect"),
      );
    };
    expect(remarks([false])).toEqual([]);
    expect(remarks([true])).toHaveLength(1);
  });

  it("can be excluded by its neutral value", () => {
    const sweep = { grid: { "ctr.user_id": [false, true] }, exclude: [{ "ctr.user_id": false }] };
    const { cells } = experimentOf(JSON.stringify({ ...base, sweep }), younger);
    expect(cells.map(({ axes }) => axes)).toEqual([{ "ctr.user_id": true }]);
  });
});
