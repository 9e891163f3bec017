import { describe, expect, it } from "vitest";
import { flatSettings } from "../../../src/spec/index.js";
import { experimentOf, said, spec } from "./read.js";

/** What the cells' axes are, `path=value` by path. */
const points = (rest: string): readonly string[] =>
  experimentOf(spec(rest)).cells.map(({ axes }) =>
    Object.entries(axes)
      .map(([path, value]) => `${path}=${JSON.stringify(value)}`)
      .join(" "),
  );

describe("a sweep", () => {
  it("without axes is one cell", () => {
    const { cells, axes } = experimentOf(spec());
    expect(cells).toHaveLength(1);
    expect(cells[0]!.axes).toEqual({});
    expect(axes).toEqual([]);
  });

  it("crosses the grid, its last axis fastest, and every zip group", () => {
    expect(
      points(`sweep:
  grid: {seed: [1, 2], backbone: [din, dien]}
  zip:
    - {ctr.epochs: [1, 2], ctr.batch_size: [10, 20]}
`),
    ).toEqual([
      'seed=1 backbone="din" ctr.epochs=1 ctr.batch_size=10',
      'seed=1 backbone="din" ctr.epochs=2 ctr.batch_size=20',
      'seed=1 backbone="dien" ctr.epochs=1 ctr.batch_size=10',
      'seed=1 backbone="dien" ctr.epochs=2 ctr.batch_size=20',
      'seed=2 backbone="din" ctr.epochs=1 ctr.batch_size=10',
      'seed=2 backbone="din" ctr.epochs=2 ctr.batch_size=20',
      'seed=2 backbone="dien" ctr.epochs=1 ctr.batch_size=10',
      'seed=2 backbone="dien" ctr.epochs=2 ctr.batch_size=20',
    ]);
  });

  it("adds includes over the base settings, which exclude never takes away", () => {
    expect(
      points(`ctr: {epochs: 3}
sweep:
  grid: {ctr.epochs: [1, 2]}
  exclude: [{ctr.epochs: 2}]
  include: [{ctr.epochs: 2, seed: 5}, {backbone: dien}]
`),
    ).toEqual(["ctr.epochs=1", "ctr.epochs=2 seed=5", 'backbone="dien"']);
  });

  it("replaces the whole value at an axis' path", () => {
    const { cells } = experimentOf(
      spec(`knowledge: {variant: r4ec, iterations: 7, actor: big}
sweep: {grid: {knowledge: [r4ec, {variant: r4ec, iterations: 2}]}}
`),
    );
    expect(cells.map(({ settings }) => settings["knowledge"])).toMatchObject([
      { iterations: 1, actor: "tiny" },
      { iterations: 2, actor: "tiny" },
    ]);
  });

  it("reaches into a block that was written in short form", () => {
    const { cells } = experimentOf(spec("sweep: {grid: {dataset.user_core: [5, 10]}}\n"));
    expect(cells.map(({ settings }) => settings["dataset"])).toEqual([
      { id: "ml-100k", user_core: 5 },
      { id: "ml-100k", user_core: 10 },
    ]);
  });

  it("varies settings that nobody listed, in a block that takes them", () => {
    const text = spec(
      "knowledge: r4ec\nsweep: {grid: {knowledge.finetune.extra.optim: [adamw, lion]}}\n",
    );
    expect(
      experimentOf(text).cells.map(
        ({ settings }) => flatSettings(settings)["knowledge.finetune.extra.optim"],
      ),
    ).toEqual(["adamw", "lion"]);
  });

  it("excludes after normalisation: defaults, shorthand and blocks count", () => {
    const left = (exclude: string): number =>
      experimentOf(
        spec(`sweep: {grid: {knowledge: [none, profile, r4ec]}, exclude: [${exclude}]}\n`),
      ).cells.length;
    expect(left("{knowledge: none}")).toBe(2);
    expect(left("{knowledge.variant: none}")).toBe(2);
    expect(left("{knowledge: {variant: none}}")).toBe(2);
    expect(left("{knowledge.iterations: 1}")).toBe(2);
    expect(left("{dataset: ml-100k, knowledge: none}")).toBe(2);
    expect(left("{ctr.mlp: [200, 80], knowledge: r4ec}")).toBe(2);
    expect(left("{ctr.mlp: [200], knowledge: r4ec}")).toBe(3);
  });

  it("merges cells that are equal once settings without effect are dropped, and says so", () => {
    const text = spec(
      "sweep:\n  grid: {knowledge.variant: [none, r4ec], knowledge.iterations: [1, 2]}\n",
    );
    expect(experimentOf(text).cells.map(({ settings }) => settings["knowledge"])).toMatchObject([
      { variant: "none" },
      { variant: "r4ec", iterations: 1 },
      { variant: "r4ec", iterations: 2 },
    ]);
    expect(said(text, "hint")).toEqual([
      "4:1 4 cells are 3 different ones: some settings that differ have no effect; equal cells are run once",
      "5:43 knowledge.iterations has no effect in 2 of 4 cells: only r4ec reads it",
    ]);
  });

  it("counts an axis without effect over the cells of grid and zip, not over an include", () => {
    const hints = (variants: string): readonly string[] => {
      const grid = `{knowledge.variant: ${variants}, knowledge.iterations: [1, 2]}`;
      const include = "[{knowledge.variant: none, seed: 9}]";
      return said(spec(`sweep:\n  grid: ${grid}\n  include: ${include}\n`), "hint");
    };
    expect(hints("[r4ec]")).toEqual([]);
    expect(hints("[r4ec, none]").join("\n")).toMatch(
      /knowledge\.iterations has no effect in 2 of 4 cells: only r4ec reads it/,
    );
  });

  it("merges an include into an equal cell, and says so", () => {
    const text = spec("sweep:\n  grid: {seed: [1, 2]}\n  include: [{seed: 2}]\n");
    expect(experimentOf(text).cells).toHaveLength(2);
    expect(said(text, "hint")).toEqual([
      "6:13 this include equals a cell that is already there; it is run once",
    ]);
  });

  it("drops blocks that only another backbone reads", () => {
    const { cells } = experimentOf(spec("sweep: {grid: {backbone: [din, dien]}}\n"));
    expect(cells.map(({ settings }) => (settings["ctr"] as { dien?: unknown }).dien)).toEqual([
      undefined,
      { gru: "augru" },
    ]);
  });
});

describe("gpu", () => {
  const cards = (rest: string): readonly (number | null)[] =>
    experimentOf(spec(rest)).cells.map(({ gpu }) => gpu);

  it("in a grid deals the cells over the cards and multiplies nothing", () => {
    expect(cards("sweep: {grid: {gpu: [0, 3], seed: [1, 2, 3]}}\n")).toEqual([0, 3, 0]);
  });

  it("in a zip and in an include pins them; the others take the base's", () => {
    expect(
      cards(`gpu: 9
sweep:
  zip: [{gpu: [4, 5], seed: [1, 2]}]
  include: [{seed: 3}, {seed: 4, gpu: 0}]
`),
    ).toEqual([4, 5, 9, 0]);
  });

  it("is no part of what a cell is", () => {
    const { cells } = experimentOf(spec("gpu: 3\n"));
    expect(cells[0]!.id).toBe(experimentOf(spec()).cells[0]!.id);
    expect(cells[0]!.settings).not.toHaveProperty("gpu");
    const pinned = experimentOf(spec("sweep: {zip: [{gpu: [0, 1]}]}\n"));
    expect(pinned.cells).toHaveLength(1);
  });
});

describe("the resolved spec", () => {
  it("has defaults written out and shorthand expanded", () => {
    const { resolved } = experimentOf(spec("sweep: {grid: {seed: [1, 2]}}\n"));
    expect(resolved).toMatchObject({
      name: "t",
      dataset: { id: "ml-100k", user_core: 60 },
      knowledge: { variant: "none", finetune: { epochs: 3 } },
      backbone: "din",
      seed: 1,
      sweep: { grid: { seed: [1, 2] } },
      resources: { ctr_per_gpu: 4, cpus: "auto" },
      tracking: { mlflow: {} },
    });
  });

  it("gives the same cells when it is read again", () => {
    const text = spec(`knowledge: r4ec
sweep:
  grid: {knowledge.variant: [none, r4ec], ctr.epochs: [1, 2], dataset: [ml-1m, ml-100k]}
  exclude: [{knowledge: none, ctr.epochs: 1}]
  include: [{knowledge: profile}]
compare: {baseline: {knowledge: none}}
`);
    const first = experimentOf(text);
    const again = experimentOf(JSON.stringify(first.resolved));
    expect(again.cells).toEqual(first.cells);
    expect(again.resolved).toEqual(first.resolved);
  });
});

describe("views", () => {
  it("keep select, and the baseline as plain settings", () => {
    const { select, compare } = experimentOf(
      spec(`sweep: {grid: {ctr.epochs: [1, 2]}}
select: {metric: valid.auc, over: [ctr.epochs]}
compare: {baseline: {knowledge: none, dataset: ml-100k}, metrics: [test.auc]}
`),
    );
    expect(select).toEqual({ metric: "valid.auc", over: ["ctr.epochs"] });
    expect(compare).toEqual({
      baseline: { "dataset.id": "ml-100k", "knowledge.variant": "none" },
      metrics: ["test.auc"],
      claims: null,
      equivalence: {},
      test: "all",
    });
  });
});

describe("a spec written out", () => {
  it("holds no baseline, axis or choice that nobody wrote", () => {
    const { resolved } = experimentOf(spec());
    expect(Object.keys(resolved)).not.toEqual(expect.arrayContaining(["compare"]));
    expect(resolved).not.toHaveProperty("sweep");
    expect(resolved).not.toHaveProperty("select");
    expect(experimentOf(JSON.stringify(resolved)).compare.baseline).toBeNull();
  });
});
