import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/base/json.js";
import { drawn, unit } from "../../../src/spec/draws.js";
import { experimentOf, said, spec } from "./read.js";

const RATE = "ctr.learning_rate";
const space: JsonObject = {
  [RATE]: { log: [1e-5, 1e-2] },
  "ctr.batch_size": { choice: [128, 256, 512] },
  "ctr.epochs": { integer: [1, 9] },
};
const of = (sample: JsonObject, more: JsonObject = {}): string =>
  spec(`sweep: ${JSON.stringify({ sample, ...more })}\n`);
const axesOf = (text: string) => experimentOf(text).cells.map(({ axes }) => axes);

describe("draws", () => {
  it("are these numbers, from release to release", () => {
    const { cells } = experimentOf(of({ trials: 3, space }));
    expect(cells.map(({ axes }) => axes)).toMatchInlineSnapshot(`
      [
        {
          "ctr.batch_size": 256,
          "ctr.epochs": 1,
          "ctr.learning_rate": 0.00137,
        },
        {
          "ctr.batch_size": 128,
          "ctr.epochs": 4,
          "ctr.learning_rate": 0.00198,
        },
        {
          "ctr.batch_size": 256,
          "ctr.epochs": 5,
          "ctr.learning_rate": 0.00126,
        },
      ]
    `);
    expect(unit(1, RATE, 0)).toMatchInlineSnapshot(`0.7122579383941319`);
  });

  it("lie in their range, short and spread as the range says", () => {
    const ranges = fc.tuple(
      fc.double({ min: 1e-9, max: 1e6, noNaN: true }),
      fc.double({ min: 1.01, max: 1e6, noNaN: true }),
    );
    fc.assert(
      fc.property(
        ranges,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        ([low, factor], u) => {
          const high = low * factor;
          for (const kind of ["log", "uniform"]) {
            const value = drawn({ [kind]: [low, high] }, u) as number;
            expect(value).toBeGreaterThanOrEqual(low);
            expect(value).toBeLessThanOrEqual(high);
            if (value === low || value === high) continue;
            if (kind === "log") expect(Number(value.toPrecision(3))).toBe(value);
            const exact = kind === "log" ? low * factor ** u : low + u * (high - low);
            const step = kind === "log" ? exact / 100 : (high - low) / 1000;
            expect(Math.abs(value - exact)).toBeLessThanOrEqual(step);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    [{ uniform: [0, 0.5] }, 0.123_456, 0.0617],
    [{ uniform: [0, 20] }, 0.123_456, 2.47],
    [{ uniform: [0, 40_000] }, 0.123_456, 4940],
    [{ log: [1e-5, 1e-2] }, 0.5, 3.16e-4],
    [{ integer: [1, 3] }, 0.999, 3],
    [{ integer: [-2, -2] }, 0.5, -2],
    [{ choice: ["a", "b"] }, 0.5, "b"],
  ])("%j at %d is %j", (range, u, value) => {
    expect(drawn(range as JsonObject, u)).toBe(value);
  });

  it("are even: each tenth of [0, 1) gets its share, and axes do not go together", () => {
    const count = 2000;
    const draws = (path: string): number[] =>
      Array.from({ length: count }, (_, at) => unit(7, path, at));
    const [one, two] = [draws("a.b"), draws("a.c")];
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const share = one.filter((u) => Math.floor(u * 10) === tenth).length;
      expect(Math.abs(share - count / 10)).toBeLessThan(60);
    }
    const product = one.reduce((sum, u, at) => sum + (u - 0.5) * (two[at]! - 0.5), 0) / count;
    expect(Math.abs(product)).toBeLessThan(0.01);
  });
});

describe("a sampled sweep", () => {
  it("keeps earlier trials when trials are added, and other axes when an axis is", () => {
    const chosen = fc.subarray(Object.keys(space), { minLength: 1 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.nat(5),
        fc.nat(1000),
        chosen,
        (trials, more, seed, paths) => {
          const part = Object.fromEntries(paths.map((path) => [path, space[path]!]));
          const some = experimentOf(of({ trials, seed, space: part })).axes;
          const longer = experimentOf(of({ trials: trials + more, seed, space: part })).axes;
          const wider = experimentOf(of({ trials, seed, space })).axes;
          for (const { path, values } of some) {
            expect(values).toHaveLength(trials);
            expect(longer.find((axis) => axis.path === path)!.values.slice(0, trials)).toEqual(
              values,
            );
            expect(wider.find((axis) => axis.path === path)!.values).toEqual(values);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("gives every variant and every seed the same draws; exclude and include work beside it", () => {
    const text = of(
      { trials: 5, space: { [RATE]: space[RATE]! } },
      {
        grid: { backbone: ["din", "dcnv2"], seed: [1, 2] },
        exclude: [{ backbone: "dcnv2", seed: 2 }],
        include: [{ backbone: "autoint" }],
      },
    );
    const cells = axesOf(text);
    const rates = (backbone: string, seed: number) =>
      cells
        .filter((axes) => axes["backbone"] === backbone && axes["seed"] === seed)
        .map((axes) => axes[RATE]);
    expect(new Set(rates("din", 1)).size).toBe(5);
    expect(rates("din", 2)).toEqual(rates("din", 1));
    expect(rates("dcnv2", 1)).toEqual(rates("din", 1));
    expect(rates("dcnv2", 2)).toEqual([]);
    expect(cells).toHaveLength(16);
    expect(cells.at(-1)).toEqual({ backbone: "autoint" });
  });

  it("makes the cells that its draws would make if they stood in a zip group", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(1000), (trials, seed) => {
        const sampled = experimentOf(of({ trials, seed, space }, { grid: { seed: [1, 2] } }));
        const zip = [
          Object.fromEntries(
            sampled.axes
              .filter(({ zip: group }) => group !== null)
              .map(({ path, values }) => [path, values]),
          ),
        ];
        const written = experimentOf(
          spec(`sweep: ${JSON.stringify({ grid: { seed: [1, 2] }, zip })}\n`),
        );
        expect(sampled.cells).toEqual(written.cells);
      }),
      { numRuns: 20 },
    );
  });

  it("is taken away by select as a whole", () => {
    const sweep = of({ trials: 4, space });
    const over = Object.keys(space);
    expect(said(`${sweep}select: {metric: valid.loss, over: [${over.join(", ")}]}\n`)).toEqual([]);
    expect(said(`${sweep}select: {metric: valid.loss, over: [${RATE}]}\n`)).toEqual([
      "5:30 a trial of sweep.sample is one joint setting, so select picks over all its axes: add ctr.batch_size, ctr.epochs",
    ]);
  });

  it.each([
    [{ space }, "4:9 sweep.sample needs trials"],
    [{ trials: 0, space }, "4:28 sweep.sample.trials must be at least 1, not 0"],
    [{ trials: 2, space: {} }, "4:38 sweep.sample.space must not be empty"],
    [
      { trials: 2, space: { seed: { integer: [1, 9] } } },
      "4:39 seeds are replicates, so that none is drawn; list them in sweep.grid: seed: [1, 2, 3]",
    ],
    [
      { trials: 2, space: { gpu: { integer: [0, 1] } } },
      "4:39 gpu is not a setting of a cell; distribute cells in sweep.grid",
    ],
    [
      { trials: 2, space: { "ctr.epoch": { integer: [1, 9] } } },
      '4:39 no setting has the path "ctr.epoch"; did you mean ctr.epochs?',
    ],
    [
      { trials: 2, space: { "ctr.epochs": [1, 9] } },
      "4:52 ctr.epochs must be a mapping, not a list; write {integer: [...]}",
    ],
    [
      { trials: 2, space: { "ctr.learning_rate": { uniform: [0, 0.5], choice: [0.1] } } },
      "4:59 ctr.learning_rate takes one of uniform, log, integer, choice",
    ],
    [
      { trials: 2, space: { [RATE]: { log: [0, 1] } } },
      "4:67 ctr.learning_rate.log[0] must be more than 0, not 0",
    ],
    [
      { trials: 2, space: { [RATE]: { uniform: [1, 0.5] } } },
      "4:39 uniform needs a lower end below the upper one, not [1, 0.5]",
    ],
    [
      { trials: 2, space: { "ctr.epochs": { choice: [1, 0] } } },
      "4:65 ctr.epochs must be at least 1, not 0",
    ],
  ])("refuses %j with one error", (sample, message) => {
    const found = said(of(sample as unknown as JsonObject));
    expect(found).toEqual([message]);
  });

  it("refuses an axis that the grid has too", () => {
    const both = of({ trials: 2, space }, { grid: { "ctr.epochs": [1] } });
    expect(said(both)).toEqual([
      expect.stringContaining("two axes vary ctr.epochs; put their values into one list"),
    ]);
  });

  it("says that trials are equal", () => {
    const text = of({ trials: 9, space: { "ctr.batch_size": { choice: [1, 2] } } });
    expect(said(text, "warning")).toEqual([
      "4:28 the 9 trials draw 2 different joint settings; equal ones are run once",
    ]);
    expect(experimentOf(text).cells).toHaveLength(2);
  });
});
