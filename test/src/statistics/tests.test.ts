import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holm } from "../../../src/statistics/holm.js";
import { deviation, mean, seedTest } from "../../../src/statistics/seeds.js";
import { studentP } from "../../../src/statistics/student.js";

describe("studentP", () => {
  // scipy 1.17: 2 * stats.t.sf(abs(t), df)
  test.each([
    [1, 1, 0.5000000000000001],
    [2.5, 2, 0.12961172022151082],
    [12.7, 1, 0.050024327689344165],
    [0.3, 4, 0.7791214282774598],
    [-3.2, 9, 0.010831302589901321],
    [50, 2, 0.00039976015988808057],
    [1e-8, 3, 0.999999992648948],
    [4, 100, 0.00012152364430076177],
    [1.96, 1e6, 0.04999606758526985],
  ])("P(|T| >= |%d|) with %d degrees of freedom is scipy's", (t, df, p) => {
    expect(Math.abs(studentP(t, df) / p - 1)).toBeLessThan(1e-9);
  });

  test("with one degree of freedom it is Cauchy's distribution, with two a closed form", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (t) => {
        expect(studentP(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 10);
        expect(studentP(t, 2)).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 10);
      }),
    );
  });
});

describe("seedTest", () => {
  test("agrees with scipy's ttest_rel", () => {
    const a = [0.7612, 0.7597, 0.7634];
    const b = [0.7601, 0.7603, 0.7606];
    const result = seedTest(a.map((value, index) => value - b[index]!));
    expect(result).toMatchObject({ df: 2 });
    if (!("p" in result)) throw new Error("no test");
    expect(result.t).toBeCloseTo(1.1207387578387253, 9);
    expect(result.p).toBeCloseTo(0.3789043310663518, 9);
  });

  test("is two-sided: a loss is as significant as a gain, and a worse variant is seen", () => {
    const a = [0.5712, 0.569, 0.5731, 0.5702, 0.5722];
    const b = [0.575, 0.5741, 0.5739, 0.5733, 0.5748];
    const down = seedTest(a.map((value, index) => value - b[index]!));
    const up = seedTest(b.map((value, index) => value - a[index]!));
    if (!("p" in down) || !("p" in up)) throw new Error("no test");
    expect(down.t).toBeCloseTo(-4.349692459407013, 9);
    expect(down.p).toBeCloseTo(0.012160019031221589, 9);
    expect(up.p).toBe(down.p);
  });

  test("says why where it cannot be computed", () => {
    expect(seedTest([0.1])).toEqual({
      reason: "a test over seeds needs at least two seeds, but there is 1",
    });
    expect(seedTest([0.25, 0.25])).toEqual({
      reason: "the difference is the same for every seed",
    });
    expect(seedTest([0, 0, 0])).toEqual({ reason: "the difference is the same for every seed" });
    // The same difference, each time rounded otherwise.
    expect(seedTest([0.3 - 0.2, 0.4 - 0.3])).toHaveProperty("reason");
  });
});

test("the deviation is the sample's (n - 1), and none is made up for one value", () => {
  expect(mean([1, 2, 4])).toBeCloseTo(7 / 3, 12);
  expect(deviation([1, 2, 4])).toBeCloseTo(Math.sqrt(7 / 3), 12);
  expect(deviation([1])).toBeNull();
});

describe("holm", () => {
  test("corrects step by step and never lets a larger p overtake a smaller one", () => {
    // By hand: sorted .005×4=.02, .01×3=.03, .03×2=.06, .04×1=.04 raised to .06.
    const corrected = holm([0.01, 0.04, 0.03, 0.005]);
    [0.03, 0.06, 0.06, 0.02].forEach((p, index) => expect(corrected[index]).toBeCloseTo(p, 12));
    expect(holm([0.6, 0.7])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });

  test("counts a claim without a p as one with p = 1", () => {
    expect(holm([0.01, null, 0.02])).toEqual([0.03, null, 0.04]);
  });

  test("keeps order, is at least p and at most Bonferroni's", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), (ps) => {
        const corrected = holm(ps);
        for (const [i, p] of ps.entries()) {
          expect(corrected[i]!).toBeGreaterThanOrEqual(p);
          expect(corrected[i]!).toBeLessThanOrEqual(Math.min(1, p * ps.length) + 1e-15);
          for (const [j, q] of ps.entries())
            if (p < q) expect(corrected[i]!).toBeLessThanOrEqual(corrected[j]!);
        }
      }),
    );
  });
});
