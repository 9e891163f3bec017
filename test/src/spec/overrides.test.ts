import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/base/json.js";
import { flatSettings } from "../../../src/spec/index.js";
import { errorsWith, experimentOf, experimentWith, spec } from "./read.js";

const idsOf = (text: string, ...overrides: readonly string[]): readonly string[] =>
  experimentWith(text, { overrides, variables: {} }).cells.map(({ id }) => id);
const said = (text: string, ...overrides: readonly string[]): readonly string[] =>
  errorsWith(text, { overrides, variables: {} });

const settings = fc.record(
  {
    seed: fc.nat(1000),
    ctr: fc.record(
      {
        epochs: fc.integer({ min: 1, max: 50 }),
        batch_size: fc.integer({ min: 1, max: 50 }),
        mlp: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: ["epochs"] },
    ),
    knowledge: fc.record({
      variant: fc.constant("r4ec"),
      actor: fc.string({ minLength: 1, unit: "grapheme" }).filter((one) => !/[$\\{%]/.test(one)),
      iterations: fc.nat(9),
    }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;

describe("settings on the command line", () => {
  it("make the spec that has them in its file, whatever stood there", () => {
    fc.assert(
      fc.property(settings, settings, (written, given) => {
        const base = { name: "t", dataset: "ml-100k", backbone: "din" };
        const flat = Object.entries(flatSettings(given));
        const whole: { [key: string]: Json } = structuredClone({ ...base, ...written });
        for (const [path, value] of flat) {
          const [block, key] = path.split(".");
          if (key === undefined) Object.assign(whole, { [block!]: value });
          else whole[block!] = { ...(whole[block!] as JsonObject), [key]: value };
        }
        const overrides = flat.map(([path, value]) => `${path}=${JSON.stringify(value)}`);
        const one = experimentWith(JSON.stringify({ ...base, ...written }), { overrides });
        const other = experimentOf(JSON.stringify(whole));
        expect(one.cells).toEqual(other.cells);
        expect(one.resolved).toEqual(other.resolved);
        expect(one.composition?.overrides ?? []).toEqual(overrides);
      }),
      { numRuns: 60 },
    );
  });

  it("make the same cells as axes in the file", () => {
    const grid = fc.record({
      seeds: fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 4 }),
      epochs: fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(grid, ({ seeds, epochs }) => {
        const axes = { seed: seeds, "ctr.epochs": epochs };
        const written = spec(`sweep: {grid: ${JSON.stringify(axes)}}\n`);
        const given = Object.entries(axes).map(
          ([path, values]) => `sweep.grid.${path}=${JSON.stringify(values)}`,
        );
        expect(idsOf(spec(), ...given)).toEqual(idsOf(written));
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    [
      "a mapping merges",
      "ctr: {epochs: 3, batch_size: 7}\n",
      ["ctr={epochs: 4}"],
      "ctr: {epochs: 4, batch_size: 7}\n",
    ],
    ["a list replaces", "ctr: {mlp: [1, 2]}\n", ["ctr.mlp=[5]"], "ctr: {mlp: [5]}\n"],
    ["a short form is written out", "", ["dataset.user_core=5"], "dataset.user_core"],
    [
      "quotes belong to YAML",
      "knowledge: r4ec\n",
      ['knowledge.actor="1.0"'],
      'knowledge: {variant: r4ec, actor: "1.0"}\n',
    ],
    [
      "a colon and an equals sign may stand in a value",
      "knowledge: r4ec\n",
      ["knowledge.actor=a=b:c"],
      "knowledge: {variant: r4ec, actor: a=b:c}\n",
    ],
    [
      "a quoted key may hold dots",
      "knowledge: r4ec\n",
      ['knowledge.finetune.extra."a.b"=1'],
      "knowledge: {variant: r4ec, finetune: {extra: {a.b: 1}}}\n",
    ],
    [
      "a setting is removed",
      "ctr: {epochs: 3, batch_size: 7}\n",
      ["~ctr.batch_size"],
      "ctr: {epochs: 3}\n",
    ],
    [
      "an axis is removed",
      "sweep: {grid: {seed: [1, 2], ctr.epochs: [3]}}\n",
      ["~sweep.grid.ctr.epochs"],
      "sweep: {grid: {seed: [1, 2]}}\n",
    ],
  ])("%s", (_, rest, overrides, right) => {
    const wanted =
      right === "dataset.user_core"
        ? "name: t\ndataset: {id: ml-100k, user_core: 5}\nbackbone: din\n"
        : spec(right);
    expect(idsOf(spec(rest), ...overrides)).toEqual(idsOf(wanted));
  });

  it.each([
    ["ctr.epochs=0", "ctr.epochs must be at least 1, not 0"],
    ["ctr.epochs=many", 'ctr.epochs must be a whole number, not "many"'],
    ["ctr.epochs=", "ctr.epochs must be a whole number, not nothing"],
    ["ctr.epochs=null", "ctr.epochs must be a whole number, not nothing"],
    ["ctr.epoch=3", 'unknown setting "epoch" in ctr; did you mean epochs?'],
    ["crt.epochs=3", 'unknown setting "crt"; did you mean ctr?'],
    ["ctr=3", "ctr must be a mapping, not 3"],
    ["sweep.grid.ctr.epoch=[1]", 'no setting has the path "ctr.epoch"; did you mean ctr.epochs?'],
    ["ctr.epochs", '"ctr.epochs" sets nothing; a setting on the command line is PATH=VALUE'],
    ["ctr..epochs=3", '"ctr..epochs=3" sets nothing'],
    ["=3", '"=3" sets nothing'],
    ["+ctr.epochs=3", "a setting that the spec lacks needs no + here; write ctr.epochs=3"],
    ["~ctr.epochs=3", "~ removes a setting and takes no value; write ~ctr.epochs"],
    ["~ctr.epochs", "the spec has no ctr.epochs to remove"],
    ["name=a #b", "what follows # is a comment in YAML; put the value in quotes"],
    ["ctr.mlp=[1", "not closed"],
    ["extends=a.yaml", "extends stands in a file, not on the command line"],
  ])("%s: the message of a file, at the argument", (argument, message) => {
    const [found, ...more] = said(spec(), argument);
    expect(found).toContain(`command line: ${argument} ${message}`);
    expect(more).toEqual([]);
  });

  it("tells a setting that no cell reads as a file's", () => {
    expect(said(spec("knowledge: profile\n"), "knowledge.iterations=2")).toEqual([
      "command line: knowledge.iterations=2 knowledge.iterations has no effect: only r4ec reads it; remove it",
    ]);
  });

  it("says where in the argument a mistake is", () => {
    const result = said(spec(), "ctr.mlp=[1, 0]");
    expect(result).toEqual(["command line: ctr.mlp=[1, 0] ctr.mlp[1] must be at least 1, not 0"]);
  });

  it("tells mistakes of the file and of the command line in one go", () => {
    expect(said(spec("ctr: {batch_size: 0}\n"), "ctr.epochs=0", "seed=x")).toEqual([
      "4:19 ctr.batch_size must be at least 1, not 0",
      "command line: ctr.epochs=0 ctr.epochs must be at least 1, not 0",
      'command line: seed=x seed must be a whole number, not "x"',
    ]);
  });

  it.each([
    ["the same setting twice", ["ctr.epochs=1", "ctr.epochs=2"]],
    ["a setting and its block", ["ctr={epochs: 1}", "ctr.epochs=2"]],
  ])("refuses %s: their order would decide", (_, overrides) => {
    expect(said(spec(), ...overrides)).toEqual([
      `command line: ${overrides[1]} ${overrides[0]} sets the same; give one of the two`,
    ]);
  });

  it("refuses a setting that an axis sets in every cell, and says what to write", () => {
    const grid = spec("sweep: {grid: {ctr.epochs: [1, 2]}}\n");
    expect(said(grid, "ctr.epochs=3")).toEqual([
      "command line: ctr.epochs=3 ctr.epochs has no effect: the axis ctr.epochs in sweep.grid sets it in every cell; write sweep.grid.ctr.epochs=[...] for other values, or ~sweep.grid.ctr.epochs to remove the axis",
    ]);
    const both = spec("sweep: {grid: {ctr.epochs: [1, 2]}, include: [{seed: 5}]}\n");
    expect(idsOf(both, "ctr.epochs=3")).toHaveLength(3);
  });

  it("refuses a place inside a list", () => {
    const zip = spec("sweep: {zip: [{seed: [1, 2], ctr.epochs: [1, 2]}]}\n");
    expect(said(zip, "sweep.zip.0.seed=[3, 4]")).toEqual([
      "command line: sweep.zip.0.seed=[3, 4] sweep.zip is a list, and a list is replaced as a whole; write sweep.zip=[...]",
    ]);
  });
});
