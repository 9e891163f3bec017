import { describe, expect, it } from "vitest";
import { xlaPays } from "../../../../../runners/stages/ctr/train/tuning.js";

describe("compiling with XLA on a GPU", () => {
  const cell = { epochs: 20, patience: 5 };

  it("pays for long runs, however many cells share the graph", () => {
    expect(xlaPays([cell], 70_000)).toBe(false);
    expect(xlaPays(Array(32).fill(cell), 70_000)).toBe(false);
    expect(xlaPays([cell], 737_000)).toBe(true);
    expect(xlaPays(Array(32).fill(cell), 737_000)).toBe(true);
  });

  it("reckons with early stopping", () => {
    expect(xlaPays([{ epochs: 100, patience: 5 }], 400_000)).toBe(false);
    expect(xlaPays([{ epochs: 100, patience: 50 }], 400_000)).toBe(true);
  });
});
