import { describe, expect, it } from "vitest";
import { cpu, gpu } from "../../../../../runners/stages/ctr/device.js";
import {
  compilesScoring,
  roomForDistinct,
  xlaPays,
} from "../../../../../runners/stages/ctr/train/tuning.js";

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

describe("room for a batch's different users and items", () => {
  // 40 users and 80 items with 50 and 25 samples each.
  const train = Int32Array.from({ length: 2000 }, (_, row) => row);
  const dataset = {
    interactionUser: train.map((row) => 1 + (row % 40)),
    interactionItem: train.map((row) => 1 + (row % 80)),
    users: 40,
    items: 80,
  };
  const data = { dataset, train, knowledge: {} } as unknown as Parameters<
    typeof roomForDistinct
  >[1];

  it("is wider where XLA compiles, and is none on a card that it does not compile for", () => {
    const [step, program] = [false, true].map((xla) => roomForDistinct(cpu, data, 64, xla)!);
    expect(program!.items).toBeGreaterThan(step!.items);
    expect(step!.users).toBeLessThanOrEqual(40);
    expect(roomForDistinct(gpu, data, 64, true)).toEqual(program);
    expect(roomForDistinct(gpu, data, 64, false)).toBeNull();
  });

  it("is none without knowledge, and where few come twice", () => {
    for (const device of [cpu, gpu]) {
      expect(roomForDistinct(device, { ...data, knowledge: null }, 64, true)).toBeNull();
      expect(roomForDistinct(device, data, 4, true)).toBeNull();
    }
  });
});
