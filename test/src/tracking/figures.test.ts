import { describe, expect, it } from "vitest";
import type { CellOutcome, CellState } from "../../../src/report/index.js";
import {
  compareCells,
  comparisonAsCsv,
  comparisonAsLatex,
  comparisonAsText,
  comparisonNote,
  findingLines,
} from "../../../src/report/index.js";
import { figuresOf } from "../../../src/tracking/figures.js";

interface Point {
  readonly variant: string;
  readonly rate: number;
  readonly seed: number;
}

/** Two variants, two rates, two seeds; a cell is as good as its rate and seed are large. */
const cellsOf = (stateOf: (point: Point) => CellState): CellOutcome[] =>
  ["a", "b"].flatMap((variant) =>
    [0.1, 0.2].flatMap((rate) =>
      [1, 2].map((seed): CellOutcome => {
        const point = { variant, rate, seed };
        const state = stateOf(point);
        const score = (variant === "b" ? 0.53 : 0.4) + rate + seed / 100;
        const metrics = state === "finished" ? { "valid.score": score, "test.score": score } : {};
        const id = `${variant} ${rate} ${seed}`;
        return { id, name: id, settings: { ...point }, state, metrics, marks: {}, why: null };
      }),
    ),
  );

const compare = (cells: readonly CellOutcome[], picks: boolean) =>
  compareCells({
    experiment: "half",
    sweep: "half",
    cells,
    rules: {
      axes: ["variant", "rate", "seed"],
      baseline: { variant: "a" },
      metrics: ["test.score"],
      select: picks ? { metric: "valid.score", over: ["rate"] } : null,
      ...{ claims: null, equivalence: {}, test: "all" },
    },
  });

const ALL = (): CellState => "finished";
/** One cell of the better rate of b is still to come. */
const OPEN = ({ variant, rate, seed }: Point): CellState =>
  variant === "b" && rate === 0.2 && seed === 2 ? "running" : "finished";

describe("figures of a sweep's run", () => {
  it("are means, differences and p of what has been picked, once all is there", () => {
    const figures = figuresOf(compare(cellsOf(ALL), true));
    expect(figures["test.score/a"]).toBeCloseTo(0.615, 12);
    expect(figures["test.score/b"]).toBeCloseTo(0.745, 12);
    expect(figures["test.score difference/b"]).toBeCloseTo(0.13, 12);
  });

  it("name rows in letters that MLflow takes", () => {
    const names = Object.keys(figuresOf(compare(cellsOf(ALL), false)));
    expect(names).toContain("test.score/rate:0.1 a");
    for (const name of names) expect(name).toMatch(/^[\w. :/-]+$/);
  });
});

describe("while a cell can still finish, nothing half-picked is shown as a result", () => {
  it("neither as a figure, with and without a selection, nor in words", () => {
    const picking = compare(cellsOf(OPEN), true);
    expect(Object.keys(figuresOf(picking))).toEqual(["test.score/a"]);
    const rows = figuresOf(compare(cellsOf(OPEN), false));
    expect(rows["test.score/rate:0.1 b"]).toBeDefined();
    expect(rows["test.score/rate:0.2 b"]).toBeUndefined();
    expect(rows["test.score difference/rate:0.2 b"]).toBeUndefined();
    expect(findingLines(picking)).toEqual([
      "Nothing is decided yet: 1 of 8 cells have not finished.",
    ]);
  });

  it("nor in a table: no number stands where the pick is open", () => {
    const comparison = compare(cellsOf(OPEN), true);
    // b's means: of the worse rate, of the better one's only finished seed.
    const wrong = /0\.645|0\.74/;
    for (const view of [comparisonAsText, comparisonAsCsv, comparisonAsLatex, comparisonNote]) {
      const text = view(comparison);
      expect(text).not.toMatch(wrong);
      expect(text.length).toBeGreaterThan(40);
    }
    const entry = comparison.metrics[0]!.rows[0]!.variants[1]!;
    expect([entry.mean, entry.n, entry.selection!.winner]).toEqual([null, 0, null]);
  });
});
