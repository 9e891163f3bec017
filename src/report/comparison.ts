import type { Json } from "../base/json.js";
import type { FlatSettings } from "../spec/index.js";
import { extendsSettings, groupBy, rolesOf, type Roles } from "./groups.js";
import type { CellOutcome, CellState } from "./outcome.js";
import type { CompareRules } from "./rules.js";
import type { Labels } from "../cells/index.js";
import { SEED } from "../cells/index.js";
import type { Direction, Selection } from "./select.js";
import { directionOf, selectWinner } from "./select.js";
import { deviation, holm, mean, pairedTest } from "./statistics.js";

/** A sweep's results, variants beside each other. The form of `compare --json` (docs/compare.md). */
export interface Comparison {
  readonly experiment: string;
  readonly sweep: string;
  readonly cells: { readonly [state in CellState]: number };
  /** Settings that tell variants apart, and the baseline's values. */
  readonly variants: readonly string[];
  readonly baseline: FlatSettings | null;
  /** Settings that tell rows apart. */
  readonly rows: readonly string[];
  /** How these settings are written in the names of cells, by path. */
  readonly labels: Labels;
  readonly select: {
    readonly metric: string;
    readonly direction: Direction;
    readonly over: readonly string[];
  } | null;
  readonly metrics: readonly MetricTable[];
}

export interface MetricTable {
  readonly metric: string;
  readonly direction: Direction;
  /** Tests in the family that Holm's correction is over. */
  readonly tests: number;
  readonly rows: readonly Row[];
}

export interface Row {
  /** A setting that a row lacks is one that its cells ignore. */
  readonly settings: FlatSettings;
  readonly variants: readonly Entry[];
}

/** One variant in one row. */
export interface Entry {
  readonly settings: FlatSettings;
  readonly baseline: boolean;
  /** Null where n is 0. */
  readonly mean: number | null;
  /** Sample standard deviation over seeds; null below two. */
  readonly sd: number | null;
  readonly n: number;
  readonly values: readonly {
    readonly seed: Json;
    readonly value: number;
    readonly cell: string;
  }[];
  /** Cells that should be here and are not: never averaged over in silence. */
  readonly missing: readonly {
    readonly seed: Json;
    readonly cell: string;
    /** The cell's name, as every view calls it. */
    readonly name: string;
    readonly state: CellState | "no metric";
    readonly why: string | null;
  }[];
  readonly selection: Selection | null;
  /** To the baseline, over the seeds that both have; null for the baseline itself, or without one. */
  readonly difference: {
    readonly mean: number;
    readonly sd: number | null;
    readonly pairs: number;
  } | null;
  readonly test:
    | {
        readonly t: number;
        readonly df: number;
        readonly n: number;
        readonly p: number;
        readonly holm: number;
      }
    | { readonly reason: string }
    | null;
  readonly marks: { readonly [name: string]: readonly string[] };
}

export interface CompareRequest {
  readonly experiment: string;
  readonly sweep: string;
  readonly cells: readonly CellOutcome[];
  readonly rules: CompareRules;
  /** Instead of the rules' metrics. */
  readonly metrics?: readonly string[];
}

/** Compares the variants of a sweep. */
export function compareCells({
  experiment,
  sweep,
  cells,
  rules,
  metrics,
}: CompareRequest): Comparison {
  const roles = rolesOf(cells, rules);
  const names = metrics ?? rules.metrics ?? testMetrics(cells);
  const layout = layOut(cells, rules, roles);
  const counts = { finished: 0, failed: 0, skipped: 0, interrupted: 0, running: 0, waiting: 0 };
  for (const { state } of cells) counts[state] += 1;
  return {
    experiment,
    sweep,
    cells: counts,
    variants: roles.variant,
    baseline: rules.baseline,
    rows: roles.row,
    labels: roles.labels,
    select:
      rules.select === null
        ? null
        : { ...rules.select, direction: directionOf(rules.select.metric) },
    metrics: names.map((metric) => tableOf(metric, layout)),
  };
}

/** The metrics on the test split, or all where there is none. */
function testMetrics(cells: readonly CellOutcome[]): string[] {
  const names = [...new Set(cells.flatMap(({ metrics }) => Object.keys(metrics)))];
  const test = names.filter((name) => name.startsWith("test."));
  return test.length > 0 ? test : names;
}

/** A variant in a row, before any metric: its cells, the picked ones alone where `select` picks. */
interface Place {
  readonly settings: FlatSettings;
  readonly baseline: boolean;
  readonly cells: readonly CellOutcome[];
  /** Those, and the ones that did not win. */
  readonly all: readonly CellOutcome[];
  readonly selection: Selection | null;
}
type Layout = readonly { readonly settings: FlatSettings; readonly places: readonly Place[] }[];

function layOut(cells: readonly CellOutcome[], rules: CompareRules, roles: Roles): Layout {
  const variants = groupBy(cells, roles.variant);
  const isBaseline = (cell: CellOutcome): boolean =>
    rules.baseline !== null && extendsSettings(cell.settings, rules.baseline);
  variants.sort((a, b) => Number(isBaseline(b.cells[0]!)) - Number(isBaseline(a.cells[0]!)));
  // A variant that ignores a row's setting stands in every row that differs in it alone.
  const keys = groupBy(cells, roles.row).map(({ settings }) => settings);
  const rows = keys.filter(
    (key) =>
      !keys.some(
        (other) =>
          other !== key &&
          Object.keys(other).length > Object.keys(key).length &&
          extendsSettings(other, key),
      ),
  );
  return rows.map((settings) => ({
    settings,
    places: variants.flatMap((variant): Place[] => {
      const here = groupBy(variant.cells, roles.row)
        .filter((group) => extendsSettings(settings, group.settings))
        .flatMap((group) => group.cells);
      if (here.length === 0) return [];
      const baseline = isBaseline(here[0]!);
      const common = { settings: variant.settings, baseline, all: here };
      if (rules.select === null) return [{ ...common, cells: here, selection: null }];
      return [{ ...common, ...selectWinner(here, roles.select, rules.select.metric) }];
    }),
  }));
}

function tableOf(metric: string, layout: Layout): MetricTable {
  const rows = layout.map(({ settings, places }) => {
    const base = places.find((place) => place.baseline);
    const baseValues = base === undefined ? null : valuesOf(base.cells, metric);
    return { settings, variants: places.map((place) => entryOf(place, metric, baseValues)) };
  });
  const tests = rows
    .flatMap((row) => row.variants)
    .flatMap(({ test }) => (test !== null && "p" in test ? [test] : []));
  const corrected = holm(tests.map(({ p }) => p));
  const holmOf = new Map(tests.map((test, index) => [test, corrected[index]!]));
  return {
    metric,
    direction: directionOf(metric),
    tests: tests.length,
    rows: rows.map(({ settings, variants }) => ({
      settings,
      variants: variants.map((entry) =>
        entry.test !== null && "p" in entry.test
          ? { ...entry, test: { ...entry.test, holm: holmOf.get(entry.test)! } }
          : entry,
      ),
    })),
  };
}

const seedOf = ({ settings }: CellOutcome): Json => settings[SEED] ?? null;

function valuesOf(cells: readonly CellOutcome[], metric: string): Entry["values"] {
  return cells.flatMap((cell) => {
    const value = cell.metrics[metric];
    if (cell.state !== "finished" || value === undefined || !Number.isFinite(value)) return [];
    return [{ seed: seedOf(cell), value, cell: cell.id }];
  });
}

function entryOf(place: Place, metric: string, baseValues: Entry["values"] | null): Entry {
  const values = valuesOf(place.cells, metric);
  const all = valuesOf(place.all, metric);
  const have = new Set(all.map(({ cell }) => cell));
  const numbers = values.map(({ value }) => value);
  const marks: { [name: string]: string[] } = {};
  for (const cell of place.cells) {
    for (const [name, text] of Object.entries(cell.marks)) {
      const texts = (marks[name] ??= []);
      if (!texts.includes(text)) texts.push(text);
    }
  }
  return {
    settings: place.settings,
    baseline: place.baseline,
    mean: numbers.length === 0 ? null : mean(numbers),
    sd: deviation(numbers),
    n: numbers.length,
    values,
    missing: place.all
      .filter(({ id }) => !have.has(id))
      .map((cell) => ({
        seed: seedOf(cell),
        cell: cell.id,
        name: cell.name,
        state: cell.state === "finished" ? "no metric" : cell.state,
        why: cell.why,
      })),
    selection: place.selection,
    ...difference(place, values, baseValues),
    marks,
  };
}

function difference(
  place: Place,
  values: Entry["values"],
  baseValues: Entry["values"] | null,
): Pick<Entry, "difference" | "test"> {
  if (place.baseline || baseValues === null) return { difference: null, test: null };
  const base = new Map(baseValues.map(({ seed, value }) => [JSON.stringify(seed), value]));
  const differences = values.flatMap(({ seed, value }) => {
    const other = base.get(JSON.stringify(seed));
    return other === undefined ? [] : [value - other];
  });
  if (differences.length === 0) {
    return { difference: null, test: { reason: "no seed is finished on both sides" } };
  }
  const test = pairedTest(differences);
  return {
    difference: { mean: mean(differences), sd: deviation(differences), pairs: differences.length },
    // Holm's value follows once all tests of the table are known.
    test: "reason" in test ? test : { ...test, holm: test.p },
  };
}
