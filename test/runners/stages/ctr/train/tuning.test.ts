import { describe, expect, it } from "vitest";
import { compilesScoring, xlaPays } from "../../../../../runners/stages/ctr/train/tuning.js";

describe("compiling with XLA on a GPU", () => {
  const cell = { epochs: 20, patience: 5, batch_size: 256 };

  it("pays where a run has many steps, however many cells share the graph", () => {
    expect(xlaPays([cell], 70_000)).toBe(true);
    expect(xlaPays([cell], 7_000)).toBe(false);
    expect(xlaPays(Array(32).fill(cell), 7_000)).toBe(false);
    expect(xlaPays([{ ...cell, batch_size: 8192 }], 70_000)).toBe(false);
    expect(xlaPays([{ ...cell, batch_size: 8192 }], 737_000)).toBe(true);
  });

  it("reckons with early stopping", () => {
    expect(xlaPays([{ ...cell, epochs: 100 }], 10_000)).toBe(false);
    expect(xlaPays([{ ...cell, epochs: 100, patience: 50 }], 10_000)).toBe(true);
  });

  it("takes scoring along where many samples are scored", () => {
    expect(compilesScoring([{ params: cell }], 20_000)).toBe(false);
    expect(compilesScoring(Array(32).fill({ params: cell }), 200_000)).toBe(true);
  });
});
