import { expect, test } from "vitest";
import {
  compareCells,
  comparisonAsCsv,
  comparisonAsMarkdown,
  comparisonAsText,
} from "../../../src/report/index.js";
import { cell, rulesOf } from "./cells.js";

const comparison = compareCells({
  experiment: "e",
  sweep: "s",
  rules: rulesOf({
    axes: ["knowledge.variant", "backbone", "seed"],
    baseline: { "knowledge.variant": "none" },
    metrics: ["test.auc"],
  }),
  cells: [
    cell({ "knowledge.variant": "none", backbone: "din", seed: 1 }, { "test.auc": 0.76 }),
    cell({ "knowledge.variant": "none", backbone: "din", seed: 2 }, { "test.auc": 0.7606 }),
    cell(
      { "knowledge.variant": 'a "b", c', backbone: "din", seed: 1 },
      { "test.auc": 0.761 },
      { marks: { leak: "epoch picked on test" } },
    ),
    cell(
      { "knowledge.variant": 'a "b", c', backbone: "din", seed: 2 },
      {},
      { name: 'a "b", c seed=2', state: "failed", why: "out of memory" },
    ),
  ],
});

test("as text: aligned, with marks, what is missing, and why there is no p", () => {
  const lines = comparisonAsText(comparison).split("\n");
  expect(lines[0]).toBe("test.auc (higher is better)");
  expect(lines[1]).toBe(
    'none (baseline)      a "b", c                  difference  95 % interval  p  corrected',
  );
  expect(lines[2]).toBe(
    "0.7603 ± 0.0004 n=2  0.7610 n=1, 1 failed [1]     +0.0010              -  -          -",
  );
  expect(lines.slice(4)).toEqual([
    "[1] leak: epoch picked on test",
    "not averaged over:",
    expect.stringMatching(/^ {2}a "b", c seed=2 \(cell \w+\) is failed: out of memory$/),
    "no interval in some places: a test over seeds needs at least two seeds, but there is 1",
    "warning: fewer than 3 seeds (1): no p and no verdict is shown there; the interval of one seed leaves out what another would give",
  ]);
});

test("as CSV: quoted as RFC 4180 asks, numbers in full", () => {
  const [head, none, other] = comparisonAsCsv(comparison).split("\r\n");
  expect(head).toBe(
    "metric,knowledge.variant,baseline,is_control,is_claim,mean,sd,n,difference,difference_sd,pairs,low,high,method,t,df,p,p_holm,margin,p_equivalence,equivalent,verdict,selected,missing,marks",
  );
  expect(none).toMatch(
    /^test\.auc,none,true,false,false,0\.7603,0\.000424\d+,2,,,,,,,,,,,,,,,,0,$/,
  );
  expect(other).toMatch(
    /^test\.auc,"a ""b"", c",false,false,true,0\.761,,1,0\.001\d*,,1,,,,,,,,,,,,,1,leak: /,
  );
});

test("as Markdown: a table that a pipe in a value does not break", () => {
  expect(comparisonAsMarkdown(comparison)).toContain("| none (baseline) | ");
  const piped = compareCells({
    experiment: "e",
    sweep: "s",
    rules: rulesOf({
      axes: ["x"],
      baseline: null,
      metrics: ["m"],
    }),
    cells: [cell({ x: "a|b" }, { m: 1 }), cell({ x: "c" }, { m: 2 })],
  });
  const rows = comparisonAsMarkdown(piped)
    .split("\n")
    .filter((line) => line.startsWith("|"));
  expect(rows[2]).toBe("| a\\|b | 1 n=1 |");
});

test("writes rows and variants in the words of the cells' names", () => {
  const settings = ["x", "y"].flatMap((teacher) =>
    ["x", "z"].flatMap((student) =>
      [1, 2].map((size) => ({
        teacher,
        "student.id": student,
        "a.size": size,
        "b.size": 3 - size,
      })),
    ),
  );
  const axes = ["teacher", "student", "a.size", "b.size"];
  const cells = settings.map((one) => cell(one, { score: one["a.size"] }));
  const rules = rulesOf({
    axes,
    baseline: { "student.id": "x" },
    metrics: null,
  });
  const text = comparisonAsText(compareCells({ experiment: "e", sweep: "s", rules, cells }));
  const words = (line: string): string[] => line.split(/ {2,}/);
  const [, head, first] = text.split("\n") as [string, string, string];
  expect(words(head).slice(0, 4)).toEqual(["teacher", "a.size", "b.size", "student=x (baseline)"]);
  expect(words(first).slice(0, 3)).toEqual(["x", "1", "2"]);
  expect(head).toContain("student=z");
});
