import { expect, test } from "vitest";
import type { CellId } from "../../../src/base/fingerprint.js";
import type { ScienceStatistics } from "../../../src/contract/statistics.js";
import type { CellOutcome, ComparedScience, CompareRules } from "../../../src/report/index.js";
import {
  compareCells,
  comparisonAsCsv,
  comparisonAsMarkdown,
  comparisonAsText,
} from "../../../src/report/index.js";
import type { Evidence } from "../../../src/statistics/index.js";
import { cell, rulesOf } from "./cells.js";

const statistics: ScienceStatistics = {
  unit: { one: "pupil", many: "pupils" },
  version: 1,
  reader: () => Promise.reject(new Error("the evidence is given")),
  tested: [],
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

test.each(["running", "waiting", "interrupted"] as const)(
  "a claim has no verdict while a cell that it needs is %s",
  (state) => {
    const open = (part: typeof none): typeof none => ({
      ...part,
      cells: part.cells.map((one, at) => (at === 2 ? { ...one, state, metrics: {} } : one)),
    });
    for (const parts of [
      [open(none), book, shuffled],
      [none, open(book), shuffled],
      [none, book, open(shuffled)],
    ]) {
      const [claim] = compare(parts).metrics[0]!.claims;
      expect(claim).toMatchObject({ verdict: "cannot tell", why: "1 cell has not finished" });
    }
    // Nor is there a difference to name where no cell of one side has finished.
    const all = { ...book, cells: book.cells.map((one) => ({ ...one, state, metrics: {} })) };
    expect(comparisonAsText(compare([none, all, shuffled]))).toContain(
      "teaching helps (score, book): cannot tell: 3 cells have not finished",
    );
    // What the claim does not need does not hold it up.
    expect(compare([none, book, shuffled, open(film)]).metrics[0]!.claims[0]!.verdict).toBe(
      "helps",
    );
  },
);

test("text, Markdown and CSV give the same table, with every entry, difference, p and verdict", () => {
  const result = compare([none, book, film, shuffled]);
  const [head, ...lines] = comparisonAsCsv(result)
    .trimEnd()
    .split("\r\n")
    .map((line) => line.split(","));
  const rows = lines.map((line) => Object.fromEntries(head!.map((name, at) => [name, line[at]!])));
  const [, names, , values] = comparisonAsMarkdown(result)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.slice(2, -2).split(" | "));
  const text = comparisonAsText(result, { width: 1000 });
  expect(rows).toHaveLength(4);
  for (const row of rows) {
    const control = row["control"] === "" ? "" : row["control"];
    const name = [row["variant"], ...(control === "shuffled" ? [control] : [])].join(" ");
    const at = names!.findIndex((one) => one === name || one === `${name} (baseline)`);
    expect(at, name).toBeGreaterThanOrEqual(0);
    const shown = (value: string, digits = 4): string => Number(value).toFixed(digits);
    expect(values![at]).toBe(`${shown(row["mean"]!)} ± ${shown(row["sd"]!)} n=${row["n"]}`);
    expect(text).toContain(values![at]);
    if (row["baseline"] === "true") continue;
    const [difference, interval, p, corrected] = values!.slice(at + 1, at + 5);
    expect(Number(difference)).toBe(Number(shown(row["difference"]!)));
    expect(interval!.split(" to ").map(Number)).toEqual(
      [row["low"]!, row["high"]!].map((one) => Number(shown(one))),
    );
    const probability = (value: string): string =>
      value === "" ? "-" : Number(value) < 1e-4 ? "<0.0001" : shown(value);
    expect([p, corrected]).toEqual([probability(row["p"]!), probability(row["p_holm"]!)]);
    for (const one of [difference, interval, p, corrected]) expect(text).toContain(one);
  }
  const judged = rows.filter(({ verdict }) => verdict !== "");
  expect(judged.map(({ variant, verdict }) => [variant, verdict])).toEqual([
    ["book", "teaching helps: helps"],
  ]);
});

test("a variant that stands alone is called so where it lacks a control", () => {
  const texts = compare([book]).warnings.flatMap(({ kind, text }) =>
    kind === "no control" ? [text] : [],
  );
  expect(texts).toEqual([expect.stringMatching(/^the only variant has no control beside it/)]);
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
