import { describe, expect, test } from "vitest";
import {
  compareCells,
  comparisonAsCsv,
  comparisonAsLatex,
  comparisonAsMarkdown,
  comparisonAsText,
} from "../../../src/report/index.js";
import { directionOf } from "../../../src/report/select.js";
import { cell, rulesOf } from "./cells.js";

const rules = rulesOf({
  axes: ["knowledge.variant", "ctr.learning_rate", "seed"],
  baseline: { "knowledge.variant": "none" },
  metrics: ["test.auc"],
  select: { metric: "valid.auc", over: ["ctr.learning_rate"] },
});

/** valid and test AUC by variant, learning rate and seed. */
const RESULTS = {
  none: {
    "0.001": [
      [0.77, 0.75],
      [0.79, 0.76],
    ],
    "0.0001": [
      [0.76, 0.8],
      [0.76, 0.81],
    ],
  },
  r4ec: {
    "0.001": [
      [0.7, 0.9],
      [0.71, 0.9],
    ],
    "0.0001": [
      [0.78, 0.77],
      [0.79, 0.78],
    ],
  },
} as const;

const cells = () =>
  (["none", "r4ec"] as const).flatMap((variant) =>
    (["0.001", "0.0001"] as const).flatMap((rate) =>
      RESULTS[variant][rate].map(([valid, testAuc], index) =>
        cell(
          { "knowledge.variant": variant, "ctr.learning_rate": Number(rate), seed: index + 1 },
          { "valid.auc": valid, "test.auc": testAuc },
        ),
      ),
    ),
  );

const compare = (all = cells()) => compareCells({ experiment: "e", sweep: "s", cells: all, rules });

describe("select", () => {
  test("compares only the winner on validation, however good a loser is on test", () => {
    const result = compare();
    expect(result.rows).toEqual([]);
    const [none, r4ec] = result.metrics[0]!.rows[0]!.variants;
    expect(none!.selection!.winner).toEqual({ "ctr.learning_rate": 0.001 });
    expect(none!.mean).toBeCloseTo(0.755, 12);
    expect(r4ec!.selection!.winner).toEqual({ "ctr.learning_rate": 0.0001 });
    expect(r4ec!.mean).toBeCloseTo(0.775, 12);
    expect(r4ec!.n).toBe(2);
    expect(r4ec!.difference!.mean).toBeCloseTo(0.02, 12);
    expect(none!.selection!.candidates.map(({ score }) => score)).toEqual([0.78, 0.76]);
  });

  test("keeps a candidate with a failed seed out of the race and says so", () => {
    const all = cells();
    // The better half of the winner is lost: a mean over the other seed alone would be unfair.
    all[0] = { ...all[0]!, state: "failed", metrics: {}, why: "NaN" };
    const none = compare(all).metrics[0]!.rows[0]!.variants[0]!;
    expect(none.selection!.winner).toEqual({ "ctr.learning_rate": 0.0001 });
    expect(none.selection!.candidates[0]).toMatchObject({ score: null, cells: 2, missing: 1 });
    expect(none.missing).toHaveLength(1);
  });

  test.each(["running", "waiting", "interrupted"] as const)(
    "picks nothing while a cell of a candidate is %s, and says so in every form",
    (state) => {
      const all = cells();
      // The first candidate is complete and best so far; the second might still win.
      all[2] = { ...all[2]!, state, metrics: {} };
      const result = compare(all);
      const [none, r4ec] = result.metrics[0]!.rows[0]!.variants;
      expect(none).toMatchObject({ mean: null, n: 0, selection: { winner: null } });
      expect(none!.selection!.candidates.map(({ open }) => open)).toEqual([0, 1]);
      // What the open cell is no candidate for is picked as ever.
      expect(r4ec!.selection!.winner).toEqual({ "ctr.learning_rate": 0.0001 });
      expect(r4ec!.difference).toBeNull();
      for (const text of [comparisonAsText, comparisonAsMarkdown, comparisonAsLatex]) {
        const shown = text(result);
        expect(shown).toContain("nothing is picked yet: 1 of the 2 candidates has not finished");
        expect(shown).toContain("1 of 8 cells have not finished");
        expect(shown).not.toContain("0.7550");
      }
      expect(comparisonAsCsv(result)).not.toContain("0.755");
      const failed = all.map((one) =>
        one.state === state ? { ...one, state: "failed" as const } : one,
      );
      expect(compare(failed).metrics[0]!.rows[0]!.variants[0]!.mean).toBeCloseTo(0.755, 12);
    },
  );

  test("picks nothing where no candidate is complete", () => {
    const all = cells().map((one) =>
      one.settings["seed"] === 1 ? { ...one, state: "running" as const, metrics: {} } : one,
    );
    const none = compare(all).metrics[0]!.rows[0]!.variants[0]!;
    expect(none.selection!.winner).toBeNull();
    expect(none).toMatchObject({ n: 0, mean: null, sd: null });
  });

  test("takes the smallest loss", () => {
    const all = cells().map((one) => ({
      ...one,
      metrics: { "test.auc": 0.5, "valid.logloss": 1 - one.metrics["valid.auc"]! },
    }));
    const result = compareCells({
      experiment: "e",
      sweep: "s",
      cells: all,
      rules: { ...rules, select: { metric: "valid.logloss", over: ["ctr.learning_rate"] } },
    });
    const winners = result.metrics[0]!.rows[0]!.variants.map((entry) => entry.selection!.winner);
    expect(winners).toEqual([{ "ctr.learning_rate": 0.001 }, { "ctr.learning_rate": 0.0001 }]);
  });
});

test.each(["test.logloss", "valid.loss", "test.rmse", "test.brier", "test.ece", "error_rate"])(
  "less of %s is better",
  (metric) => expect(directionOf(metric)).toBe("min"),
);

test.each(["test.auc", "test.gauc", "test.recall", "test.precedence"])(
  "more of %s is better",
  (metric) => expect(directionOf(metric)).toBe("max"),
);
