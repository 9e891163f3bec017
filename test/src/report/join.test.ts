import { describe, expect, test } from "vitest";
import { cellIdOf, fingerprintOf, type Fingerprint } from "../../../src/base/fingerprint.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { StageRecord } from "../../../src/contract/records.js";
import type { ScienceStatistics } from "../../../src/contract/statistics.js";
import { foldJournal, type SweepState } from "../../../src/journal/index.js";
import { compareSweeps, type Comparison } from "../../../src/report/index.js";
import { entriesOf, finish, started } from "../../support/journal.js";

const statistics: ScienceStatistics = {
  unit: { one: "pupil", many: "pupils" },
  version: 1,
  reader: () => Promise.reject(new Error("nothing is read")),
  tested: ["exam"],
  leftOut: () => null,
  folds: ["part"],
  control: { path: "control", also: [], applies: () => false },
  claims: [],
  remarks: () => [],
};
const science = { statistics, neutral: {} };

const stage = (
  runner: string,
  params: JsonObject,
  inputs: { readonly [name: string]: Fingerprint } = {},
  version = 1,
): StageRecord => {
  const identity = { runner, version, params, inputs, files: {} };
  return { ...identity, fingerprint: fingerprintOf(identity), label: runner };
};

interface Given {
  readonly settings: { readonly [path: string]: string | number };
  readonly value: number;
  readonly exam?: JsonObject;
  readonly version?: number;
}

/** The state of a sweep over an axis, all of its cells finished. */
function sweepOf(name: string, axes: JsonObject, given: readonly Given[]): SweepState {
  const made = given.map(({ settings, value, exam = { year: 1 }, version = 1 }) => {
    const data = stage("exam", exam);
    const last = stage("pupil", { ...settings }, { exam: data.fingerprint }, version);
    return {
      cell: { id: cellIdOf(settings), settings, stage: last.fingerprint },
      data,
      last,
      value,
    };
  });
  const resolved = {
    name,
    sweep: { grid: axes },
    compare: { baseline: { way: "alone" }, metrics: ["test.score"] },
  };
  const stages = new Map(
    made.flatMap(({ data, last }) => [data, last]).map((one) => [one.fingerprint, one]),
  );
  return foldJournal(
    entriesOf([
      {
        ...(started as Extract<typeof started, { type: "sweep-started" }>),
        ...{ experiment: name, resolved, cells: made.map(({ cell }) => cell) },
        stages: [...stages.values()],
      },
      ...made.map(({ last, value }) => finish(last.fingerprint, value)),
    ]),
  )!;
}

const seeds = (way: string, values: readonly number[], more: Partial<Given> = {}): Given[] =>
  values.map((value, index) => ({
    ...{ value, ...more },
    settings: { ...more.settings, way, seed: index + 1 },
  }));

const alone = sweepOf("monday", { way: ["alone"] }, seeds("alone", [0.5, 0.51, 0.52]));
const compare = (...others: SweepState[]): Comparison =>
  compareSweeps([{ state: alone }, ...others.map((state) => ({ state }))], { science });
const said = (comparison: Comparison, kind: string): string[] =>
  comparison.warnings.filter((one) => one.kind === kind).map(({ text }) => text);

describe("sweeps of different days in one table", () => {
  test("a variant of one stands beside the baseline of the other, seed by seed", () => {
    const taught = sweepOf("tuesday", { way: ["taught"] }, seeds("taught", [0.6, 0.62, 0.61]));
    const result = compare(taught);
    expect(result).toMatchObject({ experiment: "monday + tuesday", variants: ["way"], rows: [] });
    expect(result.cells.finished).toBe(6);
    const [base, other] = result.metrics[0]!.rows[0]!.variants;
    expect([base!.baseline, base!.n, other!.n]).toEqual([true, 3, 3]);
    expect(other!.difference).toMatchObject({ pairs: 3, mean: expect.closeTo(0.1, 12) as number });
    expect(said(result, "not comparable")).toEqual([]);
  });

  test("a setting in which they differ, though neither varies it, makes rows", () => {
    const base = sweepOf(
      "a",
      { way: ["alone"] },
      seeds("alone", [0.5], { settings: { hours: 1 } }),
    );
    const more = sweepOf("b", { way: ["alone", "taught"] }, [
      ...seeds("alone", [0.55], { settings: { hours: 2 } }),
      ...seeds("taught", [0.6], { settings: { hours: 2, teacher: "x" } }),
    ]);
    const result = compareSweeps([{ state: base }, { state: more }], { science });
    expect(result.rows).toEqual(["hours"]);
    const shown = result.metrics[0]!.rows.map(({ settings, variants }) => [
      settings["hours"],
      ...variants.map(({ mean }) => mean),
    ]);
    expect(shown).toEqual([
      [1, 0.5],
      [2, 0.55, 0.6],
    ]);
  });

  test("a cell of both is one cell; where it came out differently that is said", () => {
    const again = sweepOf("tuesday", { way: ["alone"] }, [
      ...seeds("alone", [0.5]),
      ...seeds("alone", [0, 0.7], { version: 2 }).slice(1),
    ]);
    const result = compare(again);
    expect(result.cells.finished).toBe(3);
    expect(result.metrics[0]!.rows[0]!.variants[0]!.mean).toBeCloseTo(0.51, 12);
    expect(said(result, "sweeps")).toEqual([expect.stringMatching(/^1 cell of several sweeps/)]);
  });

  test.each([
    [
      "other data",
      { exam: { year: 2 } },
      "alone and taught were tested on different data (exam: year 1 and 2): their difference means nothing",
    ],
    [
      "another version of the metrics' code",
      { version: 2 },
      "alone and taught were computed by versions 1 and 2 of pupil: part of their difference may come from that",
    ],
  ])("cells with %s are shown, and said not to be comparable", (_, more, text) => {
    const other = sweepOf("tuesday", { way: ["taught"] }, seeds("taught", [0.6, 0.6], more));
    const result = compare(other);
    expect(said(result, "not comparable")).toEqual([text]);
    expect(result.metrics[0]!.rows[0]!.variants).toHaveLength(2);
  });

  test("folds of one split are tested on different data by design", () => {
    const folds = ["alone", "taught"].flatMap((way) =>
      [1, 2].flatMap((part) => seeds(way, [0.5], { settings: { part }, exam: { part } })),
    );
    const state = sweepOf("folds", { way: ["alone", "taught"], part: [1, 2] }, folds);
    expect(said(compareSweeps([{ state }], { science }), "not comparable")).toEqual([]);
  });
});
