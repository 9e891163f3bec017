import { expect, test } from "vitest";
import type { CellId } from "../../../src/base/fingerprint.js";
import type { ScienceStatistics } from "../../../src/contract/statistics.js";
import type { CellOutcome, ComparedScience, CompareRules } from "../../../src/report/index.js";
import { compareCells, comparisonAsMarkdown, comparisonAsText } from "../../../src/report/index.js";
import type { Evidence } from "../../../src/statistics/index.js";
import { cell, rulesOf } from "./cells.js";

const statistics: ScienceStatistics = {
  unit: { one: "pupil", many: "pupils" },
  version: 1,
  reader: () => Promise.reject(new Error("the evidence is given")),
  leftOut: () => "they were ill",
  folds: ["part"],
  control: { path: "control", also: [], applies: ({ variant }) => variant !== "none" },
  claims: [
    {
      name: "teaching helps",
      against: [
        { name: "none", settings: { variant: "none" } },
        { name: "shuffled", settings: { control: "shuffled" } },
      ],
      impediment: () => null,
    },
  ],
  remarks: () => ["the school is small"],
};
const science: ComparedScience = { statistics, neutral: { control: "off", part: 1 } };

const rules = rulesOf({
  axes: ["variant", "control", "seed"],
  baseline: { variant: "none" },
  metrics: ["score"],
  equivalence: { score: 0.01 },
});

const PUPILS = 40;
const units = Int32Array.from({ length: PUPILS }, (_, unit) => unit);

/** Cells of a variant with three seeds around a level, and what each pupil adds. */
function variant(
  settings: { readonly [path: string]: string },
  level: number,
): { cells: CellOutcome[]; evidence: Evidence } {
  const evidence = new Map<CellId, { samples: string; metrics: object }>();
  const cells = [1, 2, 3].map((seed) => {
    const score = level + 0.001 * seed * (settings["control"] === undefined ? 1 : 0.5);
    const phi = Float64Array.from(units, (unit) => (level * Math.sin(unit + seed)) / (10 * PUPILS));
    const one = cell({ ...settings, seed }, { score });
    const influence = { value: score, units, phi, leftOut: 2 };
    evidence.set(one.id as CellId, { samples: "one test", metrics: { score: influence } });
    return one;
  });
  return { cells, evidence: evidence as Evidence };
}

const compare = (parts: readonly ReturnType<typeof variant>[], more: Partial<CompareRules> = {}) =>
  compareCells({
    experiment: "e",
    sweep: "s",
    cells: parts.flatMap(({ cells }) => cells),
    rules: { ...rules, ...more },
    science,
    evidence: new Map(parts.flatMap(({ evidence }) => [...evidence])),
  });

const none = variant({ variant: "none" }, 0.5);
const book = variant({ variant: "book", control: "off" }, 0.6);
const film = variant({ variant: "film", control: "off" }, 0.5004);
const shuffled = variant({ variant: "book", control: "shuffled" }, 0.52);

test("adding a control changes no other p, and the control shows its raw p alone", () => {
  const before = compare([none, book, film]).metrics[0]!.rows[0]!;
  const after = compare([none, book, film, shuffled]).metrics[0]!.rows[0]!;
  expect([before.claims, after.claims]).toEqual([2, 2]);
  const testOf = (row: typeof after, name: string, control?: string) =>
    row.variants.find(
      ({ settings }) => settings["variant"] === name && settings["control"] === control,
    )!.test;
  for (const name of ["book", "film"]) expect(testOf(after, name)).toEqual(testOf(before, name));
  expect(testOf(after, "book", "shuffled")).toMatchObject({ holm: null });
});

test("a control tells variants apart, whatever the baseline names, and is no baseline itself", () => {
  const result = compare([none, book, shuffled], { baseline: { variant: "book" } });
  expect(result.rows).toEqual([]);
  expect(result.variants).toEqual(["variant", "control"]);
  const baselines = result.metrics[0]!.rows[0]!.variants.filter(({ baseline }) => baseline);
  expect(baselines.map(({ settings }) => settings)).toEqual([{ variant: "book" }]);
});

test("claims are the variants that compare.claims lists", () => {
  const row = compare([none, book, film, shuffled], { claims: [{ variant: "book" }] }).metrics[0]!
    .rows[0]!;
  expect(row.variants.filter(({ claim }) => claim).map(({ settings }) => settings)).toEqual([
    { variant: "book" },
  ]);
});

test("units and seeds count together, and the claim rests on both differences", () => {
  const result = compare([none, book, shuffled]);
  const entry = result.metrics[0]!.rows[0]!.variants.find(({ claim }) => claim)!;
  expect(entry.difference).toMatchObject({ method: "units and seeds", units: PUPILS, why: null });
  const [claim] = result.metrics[0]!.claims;
  expect(claim).toMatchObject({ claim: "teaching helps", verdict: "helps" });
  const bad = compare([none, book, variant({ variant: "book", control: "shuffled" }, 0.7)]);
  expect(bad.metrics[0]!.claims[0]!.verdict).toBe("hurts");
  const text = comparisonAsText(bad);
  expect(text).toContain("teaching helps (score, book): hurts: against none +0.0990");
});

test("warnings stand in the text, the Markdown and the data", () => {
  const result = compare([
    none,
    book,
    variant({ variant: "book", control: "shuffled" }, 0.7),
    film,
  ]);
  const kinds = result.warnings.map(({ kind }) => kind);
  for (const kind of ["science", "no control", "control as good", "left out", "few seeds"]) {
    expect(kinds).toContain(kind);
  }
  for (const { text } of result.warnings) {
    expect(comparisonAsText(result)).toContain(text);
    expect(comparisonAsMarkdown(result)).toContain(text);
  }
});

test("without predictions seeds alone are judged, which is said", () => {
  const result = compareCells({
    experiment: "e",
    sweep: "s",
    cells: [...none.cells, ...film.cells],
    rules,
    science,
  });
  const entry = result.metrics[0]!.rows[0]!.variants[1]!;
  expect(entry.difference).toMatchObject({ why: "no predictions were read", units: null });
  expect(result.warnings.map(({ kind }) => kind)).toContain("seeds alone");
});

test.each([
  [[1], "over 1 claim"],
  [[2, 0, 1], "over 1 or 2 claims"],
  [[10, 2], "over 2 or 10 claims"],
  [[1, 4, 0, 2, 2], "over 1 to 4 claims"],
  [[3, 3], "over 3 claims"],
])("the note says how many claims p is corrected over: %j in the rows", (sizes, words) => {
  const parts = sizes.flatMap((claims, row) => {
    const at = { row: `r${row}` };
    const others = Array.from({ length: claims }, (_, i) => ({ variant: `v${i}`, control: "off" }));
    return [
      variant({ variant: "none", ...at }, 0.5),
      // In a row without a claim there is a control, which has a p.
      ...(claims === 0 ? [{ variant: "book", control: "shuffled" }] : others).map((one, i) =>
        variant({ ...one, ...at }, 0.55 + 0.01 * i),
      ),
    ];
  });
  const axes = ["variant", "control", "row", "seed"];
  const result = compare(parts, { axes });
  expect(result.metrics[0]!.rows.map(({ claims }) => claims)).toEqual(sizes);
  const [line] = comparisonAsText(result)
    .split("\n")
    .filter((one) => one.startsWith("p:"));
  expect(line).toBe(
    `p: two-sided, the same way; corrected: Holm's correction within each metric and row, ${words}`,
  );
});

test("the note speaks of no correction where there is no claim", () => {
  const text = comparisonAsText(compare([none, shuffled]));
  expect(text).toContain("\np: two-sided, the same way\n");
});
