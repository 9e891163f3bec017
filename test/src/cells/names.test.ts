import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellIdOf, fingerprintOf } from "../../../src/base/fingerprint.js";
import type { Json, JsonObject } from "../../../src/base/json.js";
import { canonicalJson, isJsonObject } from "../../../src/base/json.js";
import { axesOf, namesOf } from "../../../src/cells/index.js";
import type { CellRecord, Names, StageRecord } from "../../../src/contract/records.js";

type Flat = { readonly [path: string]: Json };

const cellOf = (settings: Flat): CellRecord => {
  const identity = { runner: "model", version: 1, params: { settings }, inputs: {}, files: {} };
  return { id: cellIdOf(settings), settings, stage: fingerprintOf(identity) };
};

const recordOf = ({ stage }: CellRecord): StageRecord => ({
  ...{ fingerprint: stage, runner: "model", version: 1, label: "a label" },
  ...{ params: {}, inputs: {}, files: {} },
});

/** The names of a sweep of cells with these settings. */
const namesIn = (cells: readonly CellRecord[], resolved: JsonObject): Names =>
  namesOf({
    cells,
    resolved,
    stages: new Map(cells.map((cell) => [cell.stage, { record: recordOf(cell) }])),
  });

/** Names in the order of the cells. */
const called = (cells: readonly CellRecord[], resolved: JsonObject): string[] => {
  const names = namesIn(cells, resolved);
  return cells.map(({ id }) => names.cell(id));
};

const grid = (...axes: readonly string[]): JsonObject => ({
  sweep: { grid: Object.fromEntries(axes.map((axis) => [axis, []])) },
});

describe("the name of a cell", () => {
  it("is the axes that vary and nothing else, in the order of the spec, seeds last", () => {
    const cells = ["din", "dien"].flatMap((backbone) =>
      [1, 2].flatMap((seed) =>
        ["none", "profile"].map((variant) =>
          cellOf({
            ...{ "backbone.id": backbone, "knowledge.variant": variant, "fixed.value": 3, seed },
            // What follows from an axis does not come into the name.
            ...(variant === "profile"
              ? { "knowledge.fields": ["title"], "ctr.adaptor": "hea" }
              : {}),
          }),
        ),
      ),
    );
    const names = called(cells, grid("seed", "knowledge", "backbone", "fixed.value"));
    expect(names).toEqual([
      ...["none din seed=1", "profile din seed=1", "none din seed=2", "profile din seed=2"],
      ...["none dien seed=1", "profile dien seed=1", "none dien seed=2", "profile dien seed=2"],
    ]);
  });

  it("writes a setting by the shortest end of its path that no other has", () => {
    const cells = [1, 2].flatMap((a) =>
      [1, 2].map((b) => cellOf({ "model.a.size": a, "model.b.size": b, "model.depth": b })),
    );
    expect(called(cells, grid("model.a.size", "model.b.size", "model.depth"))).toEqual([
      ...["a.size=1 b.size=1 depth=1", "a.size=1 b.size=2 depth=2"],
      ...["a.size=2 b.size=1 depth=1", "a.size=2 b.size=2 depth=2"],
    ]);
    // One path is an end of the other: it can only be given whole.
    const nested = [cellOf({ size: 1, "a.size": 2 }), cellOf({ size: 2, "a.size": 2.5 })];
    expect(called(nested, grid("size", "a.size"))).toEqual([
      "size=1 a.size=2",
      "size=2 a.size=2.5",
    ]);
  });

  it("tells settings apart that only some cells have", () => {
    const resolved: JsonObject = { sweep: { include: [{ "a.size": 1 }, { "b.size": 1 }] } };
    const sizes = [cellOf({ "a.size": 1 }), cellOf({ "b.size": 1 })];
    expect(called(sizes, resolved)).toEqual(["a.size=1", "b.size=1"]);
  });

  it("writes a text alone only where no other setting has that text", () => {
    const resolved: JsonObject = { sweep: { include: [{ p: "x" }, { q: "x" }, { r: "y" }] } };
    const cells = [cellOf({ p: "x" }), cellOf({ q: "x" }), cellOf({ r: "y" })];
    expect(called(cells, resolved)).toEqual(["p=x", "q=x", "y"]);
  });

  it("takes of a block as few settings as tell its values apart", () => {
    const cells = [
      cellOf({ "model.id": "a" }),
      cellOf({ "model.id": "b", "model.rank": 4, "model.alpha": 8 }),
      cellOf({ "model.id": "b", "model.rank": 8, "model.alpha": 16 }),
    ];
    expect(called(cells, grid("model"))).toEqual(["a", "b alpha=8", "b alpha=16"]);
    // An axis of its own takes its setting out of the block.
    expect(called(cells, grid("model", "model.rank"))).toEqual([
      ...["a", "b alpha=8 rank=4", "b alpha=16 rank=8"],
    ]);
  });

  it("ends in the cell's id where the axes leave it like another, and is the id where none varies", () => {
    const cells = [cellOf({ p: "a b", q: "c" }), cellOf({ p: "a", q: "b c" }), cellOf({ p: "d" })];
    expect(called(cells, grid("p", "q"))).toEqual([
      `a b c ${cells[0]!.id}`,
      `a b c ${cells[1]!.id}`,
      "d",
    ]);
    expect(called(cells.slice(0, 1), grid("p", "q"))).toEqual([cells[0]!.id]);
  });

  it("is also the name of the cell's last stage; other stages go by their labels", () => {
    const cells = [cellOf({ p: "x" }), cellOf({ p: "y" })];
    const names = namesIn(cells, grid("p"));
    expect(names.stage(cells[0]!.stage)).toBe("model x");
    const alone = namesIn(cells.slice(0, 1), grid("p"));
    expect(alone.stage(cells[0]!.stage)).toBe("a label");
    expect(alone.stage(cells[1]!.stage)).toBe(cells[1]!.stage);
  });
});

// Few segments and few values, so that ends of paths and texts often meet.
const path = fc
  .array(fc.constantFrom("a", "b", "size", "id", "seed"), { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join("."));
const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>("x", "y", "1", "x y", "size=1", "", null, true, [1, 2], ["x"]),
  fc.integer({ min: 0, max: 3 }),
);
const value: fc.Arbitrary<Json> = fc.oneof(
  leaf,
  fc.dictionary(fc.constantFrom("id", "size", "b", "a"), leaf, { minKeys: 1, maxKeys: 3 }),
);

function flat(at: string, given: Json): [string, Json][] {
  return isJsonObject(given)
    ? Object.entries(given).flatMap(([key, inner]) => flat(`${at}.${key}`, inner))
    : [[at, given]];
}

/** A sweep: each axis with its values, cells without some of the settings, in any order. */
const sweeps = fc
  .tuple(
    fc.uniqueArray(fc.tuple(path, fc.array(value, { minLength: 1, maxLength: 3 })), {
      minLength: 1,
      maxLength: 4,
      selector: ([at]) => at,
    }),
    fc.array(fc.array(fc.nat({ max: 80 }), { maxLength: 3 }), { minLength: 1, maxLength: 12 }),
  )
  .map(([axes, choices]) => {
    const cells = new Map<string, CellRecord>();
    for (const choice of choices) {
      const settings: { [path: string]: Json } = { fixed: "everywhere" };
      for (const [index, [at, values]] of axes.entries()) {
        const pick = (choice[index % Math.max(1, choice.length)] ?? 0) + index * choice.length;
        // One choice in five leaves the axis out: the cell ignores the setting.
        if (pick % 5 === 4) continue;
        for (const [leafPath, one] of flat(at, values[pick % values.length]!)) {
          settings[leafPath] = one;
        }
      }
      const cell = cellOf(settings);
      cells.set(cell.id, cell);
    }
    const resolved: JsonObject = { sweep: { grid: Object.fromEntries(axes) } };
    return { cells: [...cells.values()], resolved };
  });

describe("the names of all cells of a sweep", () => {
  it("are each cell's own", () => {
    fc.assert(
      fc.property(sweeps, ({ cells, resolved }) => {
        expect(new Set(called(cells, resolved)).size).toBe(cells.length);
      }),
      { numRuns: 1000 },
    );
  });

  it("do not change with the order of the cells or of their settings, nor in a journal", () => {
    const shuffled = sweeps.chain((sweep) =>
      fc
        .shuffledSubarray(sweep.cells, { minLength: sweep.cells.length })
        .map((cells) => ({ sweep, cells })),
    );
    fc.assert(
      fc.property(shuffled, ({ sweep: { cells, resolved }, cells: others }) => {
        const names = namesIn(cells, resolved);
        const again = namesIn(
          others.map((cell) => ({
            ...cell,
            settings: JSON.parse(canonicalJson(cell.settings)) as Flat,
          })),
          JSON.parse(JSON.stringify(resolved)) as JsonObject,
        );
        for (const { id } of cells) expect(again.cell(id)).toBe(names.cell(id));
      }),
      { numRuns: 500 },
    );
  });

  it("hold no setting that is not of an axis that varies", () => {
    fc.assert(
      fc.property(sweeps, ({ cells, resolved }) => {
        const constant = axesOf(resolved).filter(
          (axis) =>
            new Set(cells.map(({ settings }) => canonicalJson(under(settings, axis)))).size < 2,
        );
        const without = {
          sweep: {
            grid: Object.fromEntries(
              axesOf(resolved)
                .filter((axis) => !constant.includes(axis))
                .map((axis) => [axis, []]),
            ),
          },
        };
        for (const name of called(cells, resolved)) expect(name).not.toContain("everywhere");
        expect(called(cells, without)).toEqual(called(cells, resolved));
      }),
      { numRuns: 500 },
    );
  });
});

const under = (settings: Flat, axis: string): Flat =>
  Object.fromEntries(
    Object.entries(settings).filter(([at]) => at === axis || at.startsWith(`${axis}.`)),
  );

describe("the axes of a sweep", () => {
  it("are those of grid, zip groups and includes, each once, in this order, without gpu", () => {
    const sweep = {
      include: [{ d: 1, a: 2 }],
      zip: [{ c: [1], b: [2] }],
      grid: { b: [1], a: [1], gpu: [0] },
    };
    expect(axesOf({ sweep })).toEqual(["b", "a", "c", "d"]);
    expect(axesOf({})).toEqual([]);
  });
});
