import { describe, expect, it } from "vitest";
import type { CellOutcome } from "../../../src/report/index.js";
import { compareCells } from "../../../src/report/index.js";
import { cell, rulesOf } from "./cells.js";

const rules = rulesOf({
  axes: ["variant", "model", "seed"],
  baseline: { variant: "none" },
  metrics: ["score"],
});
const compared = (cells: readonly CellOutcome[]) =>
  compareCells({ experiment: "e", sweep: "s", cells, rules }).metrics[0]!.rows.map(
    ({ settings, variants }) => ({
      settings,
      variants: variants.map((one) => [one.settings["variant"], one.baseline, one.mean]),
    }),
  );

const learned = ["none", "book"].map((variant, i) =>
  cell({ model: "learned", variant, seed: 1 }, { score: 0.5 + i / 4 }),
);

describe("cells that ignore all settings that make variants", () => {
  it("stand in the baseline's column of their row", () => {
    const rows = compared([...learned, cell({ model: "floor" }, { score: 0.6 })]);
    expect(rows).toEqual([
      {
        settings: { model: "learned" },
        variants: [
          ["none", true, 0.5],
          ["book", false, 0.75],
        ],
      },
      { settings: { model: "floor" }, variants: [["none", true, 0.6]] },
    ]);
  });

  it("stand apart where their row has a baseline of its own", () => {
    const [row] = compared([...learned, cell({ model: "learned", seed: 1 }, { score: 0.6 })]);
    expect(row!.variants).toEqual([
      ["none", true, 0.5],
      ["book", false, 0.75],
      [undefined, false, 0.6],
    ]);
  });
});
