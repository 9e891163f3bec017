import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { neededFor, powerOf, type Spread } from "../../../src/statistics/power.js";
import { studentBound } from "../../../src/statistics/student.js";

const seedsAre = (spread: Spread, seeds: number): Spread => ({
  ...spread,
  seeds,
  seedVariance: (spread.seedVariance * spread.seeds) / seeds,
});
const unitsAre = (spread: Spread, units: number): Spread => ({
  ...spread,
  units,
  unitVariance: (spread.unitVariance * spread.units) / units,
});

const effect = 0.002;
const spreads = fc.record({
  unitVariance: fc.double({ min: 1e-8, max: 4e-6, noNaN: true }),
  seedVariance: fc.double({ min: 1e-8, max: 4e-6, noNaN: true }),
  units: fc.integer({ min: 50, max: 5000 }),
  seeds: fc.integer({ min: 3, max: 10 }),
  folds: fc.constant(1),
});

describe("what is needed", () => {
  test.each([0.8, 0.9])("has the power %d at n, and not at n - 1", (power) => {
    const grown = { seeds: 0, units: 0 };
    fc.assert(
      fc.property(spreads, (spread) => {
        const { seeds, units } = neededFor(effect, power, spread);
        if (seeds !== null) {
          expect(powerOf(effect, seedsAre(spread, seeds))).toBeGreaterThanOrEqual(power);
          if (seeds > spread.seeds) {
            grown.seeds++;
            expect(powerOf(effect, seedsAre(spread, seeds - 1))).toBeLessThan(power);
          }
        } else expect(powerOf(effect, seedsAre(spread, 10_000))).toBeLessThan(power);
        if (units !== null) {
          expect(powerOf(effect, unitsAre(spread, units))).toBeGreaterThanOrEqual(power);
          if (units > spread.units) {
            grown.units++;
            expect(powerOf(effect, unitsAre(spread, units - 1))).toBeLessThan(power);
          }
        } else expect(powerOf(effect, unitsAre(spread, 1e9))).toBeLessThan(power);
      }),
      { seed: 11, numRuns: 200 },
    );
    expect(Math.min(grown.seeds, grown.units)).toBeGreaterThan(10);
  });

  test("is no number of seeds where the units alone leave too much open, and the reverse", () => {
    const spread = { unitVariance: 1e-6, seedVariance: 1e-6, units: 500, seeds: 5, folds: 1 };
    expect(neededFor(effect, 0.8, { ...spread, unitVariance: 1e-4 }).seeds).toBeNull();
    expect(neededFor(effect, 0.8, { ...spread, seedVariance: 1e-4 }).units).toBeNull();
  });
});

/** A seeded generator of normal numbers (Park and Miller, Box and Muller). */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Part of experiments whose one-sided test at 5 % sees a true difference; units stand for seeds. */
function seen(seeds: number, deviationOfOne: number, rounds: number): number {
  const normal = normals(97);
  const bound = studentBound(0.1, seeds - 1);
  let found = 0;
  for (let round = 0; round < rounds; round++) {
    const values = Array.from({ length: seeds }, () => effect + deviationOfOne * normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / seeds;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    if (mean / Math.sqrt(squares / (seeds - 1) / seeds) > bound) found++;
  }
  return found / rounds;
}

test("a simulation of seeds alone has about the power that was planned", () => {
  const deviation = 0.004;
  const spread = {
    unitVariance: 0,
    seedVariance: deviation ** 2 / 5,
    units: 500,
    seeds: 5,
    folds: 1,
  };
  const { seeds } = neededFor(effect, 0.8, spread);
  expect(seeds).toBeGreaterThan(20);
  // 10,000 rounds know a part of .8 to .004.
  const power = seen(seeds!, deviation, 10_000);
  expect(power).toBeGreaterThan(0.785);
  expect(power).toBeLessThan(0.83);
});
