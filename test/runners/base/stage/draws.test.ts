import { describe, expect, it } from "vitest";
import { cycleOf } from "../../../../runners/stages/control/controls.js";
import { drawsOf, logOf, wordsFrom } from "../../../../runners/base/stage/draws.js";

describe("the generator of controls", () => {
  it("gives the words of xoshiro128** as its authors' program does", () => {
    const word = wordsFrom([1, 2, 3, 4]);
    const words = Array.from({ length: 6 }, word);
    expect(words).toEqual([11520, 0, 5927040, 70819200, 2031721883, 1637235492]);
  });

  it("draws what a program in Python draws from hashlib and the documented steps", () => {
    const { normal } = drawsOf("random users 1 1");
    const python = [
      -0.3658171399213814, -0.2578150217656978, -0.6133209555264485, -0.026795246453765936,
      0.44642273720959735,
    ];
    for (const number of python) expect(normal()).toBeCloseTo(number, 14);
    expect(cycleOf(8, "shuffled users 1")).toEqual([1, 2, 5, 4, 0, 6, 7, 3]);
  });

  it("draws the same to the last bit wherever it runs", () => {
    const { normal } = drawsOf("items 4294967295 17");
    const bits = new BigUint64Array(Float64Array.from({ length: 4 }, normal).buffer);
    expect([...bits].map((each) => each.toString(16))).toMatchInlineSnapshot(`
      [
        "3fdcb1af59b968b8",
        "bf7e41b55b477410",
        "bfe2c36b81f364f7",
        "3fd7a34f3ee06b41",
      ]
    `);
  });

  it("draws numbers of the standard normal distribution", () => {
    const { normal } = drawsOf("a sample");
    const numbers = Float64Array.from({ length: 200_000 }, normal).sort();
    const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
    const square = numbers.reduce((sum, each) => sum + each * each, 0) / numbers.length;
    // Within four standard errors.
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(numbers.length));
    expect(Math.abs(square - 1)).toBeLessThan(4 * Math.sqrt(2 / numbers.length));
    const share = (below: number) => numbers.findIndex((each) => each > below) / numbers.length;
    // Φ(-2), Φ(-1), Φ(1), Φ(2)
    expect(share(-2)).toBeCloseTo(0.02275, 2);
    expect(share(-1)).toBeCloseTo(0.15866, 2);
    expect(share(1)).toBeCloseTo(0.84134, 2);
    expect(share(2)).toBeCloseTo(0.97725, 2);
  });

  it("has a logarithm of its own that is right to the last digits", () => {
    const { index } = drawsOf("logarithms");
    for (let i = 0; i < 20_000; i++) {
      const number = (index(2 ** 50) + 1) / (2 ** 50 + 1) / 2 ** index(60);
      const known = Math.log(number);
      expect(Math.abs(logOf(number) - known)).toBeLessThan(4e-16 * Math.max(1, Math.abs(known)));
    }
  });
});

describe("a shuffle", () => {
  it("is one cycle over all places, whatever their number", () => {
    for (let count = 2; count < 60; count++) {
      const order = cycleOf(count, `seed ${count}`);
      let [at, steps] = [0, 0];
      do {
        at = order[at]!;
        steps += 1;
      } while (at !== 0 && steps <= count);
      expect(steps).toBe(count);
    }
  });

  it("makes every cycle equally often", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = cycleOf(4, `s ${seed}`).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    // (4 - 1)! cycles, 1000 each; four standard deviations.
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * 29);
  });
});
