import { describe, expect, test } from "vitest";
import type { CellOutcome, CompareRules, Entry } from "../../../src/report/index.js";
import { compareCells } from "../../../src/report/index.js";
import { cell, rulesOf } from "./cells.js";

const AUC = {
  none: { din: [0.76, 0.7603, 0.7606], dien: [0.758, 0.759, 0.761] },
  r4ec: { din: [0.7612, 0.7597, 0.7634], dien: [0.762, 0.763, 0.7655] },
} as const;

const rules = rulesOf({
  axes: ["knowledge.variant", "backbone", "seed"],
  baseline: { "knowledge.variant": "none" },
  metrics: ["test.auc"],
});

const grid = (): CellOutcome[] =>
  (["none", "r4ec"] as const).flatMap((variant) =>
    (["din", "dien"] as const).flatMap((backbone) =>
      [1, 2, 3].map((seed, index) =>
        cell(
          // A setting that only one variant has must not keep it from being compared.
          {
            "knowledge.variant": variant,
            ...(variant === "r4ec" ? { "knowledge.iterations": 1 } : {}),
            backbone,
            seed,
          },
          { "test.auc": AUC[variant][backbone][index]! },
        ),
      ),
    ),
  );

/** A variant that has a setting of its own with two values, and one without the setting. */
const iterated = (): CellOutcome[] => [
  cell({ "knowledge.variant": "none", seed: 1 }, { "test.auc": 0.7 }),
  cell({ "knowledge.variant": "r4ec", "knowledge.iterations": 1, seed: 1 }, { "test.auc": 0.71 }),
  cell({ "knowledge.variant": "r4ec", "knowledge.iterations": 2, seed: 1 }, { "test.auc": 0.73 }),
];

const compare = (cells: readonly CellOutcome[], other: Partial<CompareRules> = {}) =>
  compareCells({ experiment: "e", sweep: "s", cells, rules: { ...rules, ...other } });

describe("a comparison", () => {
  test("has the baseline's axis as variants, other axes as rows, and seeds averaged over", () => {
    const result = compare(grid());
    expect(result.variants).toEqual(["knowledge.variant"]);
    expect(result.rows).toEqual(["backbone"]);
    expect(result.cells).toMatchObject({ finished: 12, failed: 0 });
    const [din, dien] = result.metrics[0]!.rows;
    expect(din!.settings).toEqual({ backbone: "din" });
    const [none, r4ec] = din!.variants as [Entry, Entry];
    expect(none.baseline).toBe(true);
    expect(none.difference).toBeNull();
    expect(none.mean).toBeCloseTo(0.7603, 12);
    // numpy: std([.7600, .7603, .7606], ddof=1) = 0.0003
    expect(none.sd).toBeCloseTo(0.0003, 12);
    expect(none.n).toBe(3);
    expect(r4ec.mean).toBeCloseTo(0.7614333333333333, 12);
    expect(r4ec.difference!.mean).toBeCloseTo(0.0011333333333333, 12);
    expect(r4ec.difference!.pairs).toBe(3);
    expect(dien!.variants[1]!.difference!.mean).toBeCloseTo(0.0041666666666667, 12);
  });

  test("tests each difference over seeds, pair by pair, Holm-corrected within each row", () => {
    const { rows } = compare(grid()).metrics[0]!;
    expect(rows.map(({ claims }) => claims)).toEqual([1, 1]);
    const [din, dien] = rows.map((row) => row.variants[1]!.test);
    if (!din || !("p" in din) || !dien || !("p" in dien)) throw new Error("no test");
    // scipy's ttest_rel
    expect(din.t).toBeCloseTo(1.15403519661366, 9);
    expect(din.p).toBeCloseTo(0.367763197190226, 9);
    expect(dien.t).toBeCloseTo(25, 6);
    expect(dien.p).toBeCloseTo(0.0015961702114099944, 9);
    expect(dien.holm!).toBeCloseTo(dien.p, 12);
    expect(din.holm!).toBeCloseTo(din.p, 12);
  });

  test("never averages over what is missing in silence", () => {
    const cells = grid();
    const failed = { ...cells[6]!, state: "failed" as const, metrics: {}, why: "out of memory" };
    cells[6] = failed;
    const entry = compare(cells).metrics[0]!.rows[0]!.variants[1]!;
    expect(entry.n).toBe(2);
    expect(entry.missing).toEqual([
      { seed: 1, cell: failed.id, name: failed.name, state: "failed", why: "out of memory" },
    ]);
    expect(entry.difference!.pairs).toBe(2);
    // Over seeds 2 and 3 alone, on both sides: (.7597 - .7603 + .7634 - .7606) / 2.
    expect(entry.difference!.mean).toBeCloseTo(0.0011, 12);
  });

  test("says why there is no p-value with a single seed", () => {
    const cells = grid().filter(({ settings }) => settings["seed"] === 1);
    const table = compare(cells).metrics[0]!;
    expect(table.rows[0]!.variants[1]!.test).toEqual({
      reason: "a test over seeds needs at least two seeds, but there is 1",
    });
    expect(table.rows[0]!.variants[1]!.sd).toBeNull();
  });

  test("pairs by seed, not by order", () => {
    const cells = grid();
    const shuffled = [...cells.slice(6).reverse(), ...cells.slice(0, 6)];
    const differences = (all: readonly CellOutcome[]): unknown =>
      compare(all)
        .metrics[0]!.rows.map((row) => [
          row.settings["backbone"],
          row.variants[1]!.difference!.mean.toFixed(12),
        ])
        .sort();
    expect(differences(shuffled)).toEqual(differences(cells));
  });

  test("shows a baseline without the row's setting in every row", () => {
    const result = compare(iterated(), { axes: ["knowledge.variant", "knowledge.iterations"] });
    expect(result.rows).toEqual(["knowledge.iterations"]);
    const rows = result.metrics[0]!.rows;
    expect(rows.map(({ settings }) => settings)).toEqual([
      { "knowledge.iterations": 1 },
      { "knowledge.iterations": 2 },
    ]);
    expect(rows.map(({ variants }) => variants[0]!.mean)).toEqual([0.7, 0.7]);
    expect(rows[1]!.variants[1]!.difference!.mean).toBeCloseTo(0.03, 12);
  });

  test("tells variants of a whole block apart by the settings in it", () => {
    const result = compare(iterated(), { axes: ["knowledge"] });
    expect(result.rows).toEqual([]);
    expect(result.metrics[0]!.rows[0]!.variants.map(({ settings }) => settings)).toEqual([
      { "knowledge.variant": "none" },
      { "knowledge.variant": "r4ec", "knowledge.iterations": 1 },
      { "knowledge.variant": "r4ec", "knowledge.iterations": 2 },
    ]);
  });

  test("without a baseline shows every axis as rows and no differences", () => {
    const result = compare(grid(), { baseline: null });
    expect(result.variants).toEqual([]);
    expect(result.rows).toEqual(["knowledge.variant", "backbone"]);
    expect(result.metrics[0]!.rows).toHaveLength(4);
    expect(result.metrics[0]!.rows[0]!.variants[0]).toMatchObject({ difference: null, test: null });
  });

  test("carries leak marks", () => {
    const cells = grid();
    cells[0] = { ...cells[0]!, marks: { leak: "epoch picked on test" } };
    const [none, r4ec] = compare(cells).metrics[0]!.rows[0]!.variants;
    expect(none!.marks).toEqual({ leak: ["epoch picked on test"] });
    expect(r4ec!.marks).toEqual({});
  });

  test("knows that less of a loss is better, and shows test metrics where none are asked for", () => {
    const cells = [
      cell({ seed: 1 }, { "test.auc": 0.7, "test.logloss": 0.6, "valid.auc": 0.7, epochs: 3 }),
    ];
    const result = compare(cells, { metrics: null });
    expect(result.metrics.map(({ metric, direction }) => [metric, direction])).toEqual([
      ["test.auc", "max"],
      ["test.logloss", "min"],
    ]);
  });
});
