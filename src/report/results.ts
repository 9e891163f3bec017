import type { Json } from "../base/json.js";
import type { StageState, SweepState } from "../journal/index.js";
import type { CurveStep } from "../store/index.js";
import { outcomesOf, type CellOutcome } from "./outcome.js";

/**
 * What all values of a column are; null may stand anywhere. `json`: values of several kinds, or lists
 * and blocks, each as JSON text where a format has no such values.
 */
export type ColumnType = "text" | "boolean" | "integer" | "number" | "json";

/** A table whose columns have one type each. */
export interface TypedTable {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  /** A value for each column; null where a row has none. */
  readonly rows: readonly (readonly Json[])[];
}

/** Columns that every cell has, whatever its settings and metrics are. */
const ABOUT_CELLS = {
  cell: "text",
  name: "text",
  experiment: "text",
  sweep: "text",
  state: "text",
  why: "text",
  marks: "text",
  stage: "text",
  seconds: "number",
} as const;

/** Columns of curves before their values. */
const ABOUT_STEPS = {
  cell: "text",
  name: "text",
  experiment: "text",
  sweep: "text",
  step: "integer",
} as const;

/**
 * The cells of sweeps, one row a cell and sweep: what it is, its settings by their dotted paths, its
 * metrics by their names. A setting or a metric whose name is taken is called `setting.NAME` or
 * `metric.NAME`. `seconds` are those of the sweep itself: null for a cell that was cached.
 */
export function resultsOf(states: readonly SweepState[]): TypedTable {
  const cells = states.flatMap((state) =>
    outcomesOf(state).map((cell) => ({
      state,
      cell,
      stage: state.stages.get(cell.record!.fingerprint)!,
    })),
  );
  const settings = namesIn(
    cells.map(({ cell }) => cell.settings),
    ABOUT_CELLS,
    "setting",
  );
  const metrics = namesIn(
    cells.map(({ cell }) => cell.metrics),
    { ...ABOUT_CELLS, ...Object.fromEntries(settings.map(({ column }) => [column, ""])) },
    "metric",
  );
  const rows = cells.map(({ state, cell, stage }) => [
    ...aboutCell(state, cell),
    cell.state,
    cell.why,
    marksText(cell),
    cell.record!.fingerprint,
    secondsOf(stage),
    ...settings.map(({ name }) => cell.settings[name] ?? null),
    ...metrics.map(({ name }) => cell.metrics[name] ?? null),
  ]);
  return typed(ABOUT_CELLS, [...settings, ...metrics], rows, metrics.length);
}

/** A cell with its curves. */
export interface CellCurves {
  readonly state: SweepState;
  readonly cell: CellOutcome;
  readonly steps: readonly CurveStep[];
}

/**
 * The curves of sweeps' cells, one row a cell, sweep and step.
 *
 * @param stepsOf the curves that the artifact of a finished stage keeps; null where it is gone: then
 *   the sweep's own journal has them, if the sweep made the stage
 */
export async function curvesOf(
  states: readonly SweepState[],
  stepsOf: (stage: StageState) => Promise<readonly CurveStep[] | null>,
): Promise<TypedTable> {
  const found: CellCurves[] = [];
  for (const state of states) {
    for (const cell of outcomesOf(state)) {
      const stage = state.stages.get(cell.record!.fingerprint)!;
      const kept = cell.state === "finished" ? await stepsOf(stage) : null;
      const steps = kept === null || kept.length === 0 ? stage.metrics : kept;
      found.push({ state, cell, steps });
    }
  }
  const names = namesIn(
    found.flatMap(({ steps }) => steps.map(({ values }) => values)),
    ABOUT_STEPS,
    "metric",
  );
  const rows = found.flatMap(({ state, cell, steps }) =>
    steps.map(({ step, values }) => [
      ...aboutCell(state, cell),
      step,
      ...names.map(({ name }) => values[name] ?? null),
    ]),
  );
  return typed(ABOUT_STEPS, names, rows, names.length);
}

const aboutCell = (state: SweepState, cell: CellOutcome): string[] => [
  cell.id,
  cell.name,
  state.experiment,
  state.sweep,
];

const marksText = ({ marks }: CellOutcome): string | null => {
  const texts = Object.entries(marks).map(([name, text]) => `${name}: ${text}`);
  return texts.length === 0 ? null : texts.join("; ");
};

const secondsOf = ({ status, seconds }: StageState): number | null =>
  status === "done" || status === "failed" ? seconds : null;

interface Named {
  readonly name: string;
  readonly column: string;
}

/** All keys of some objects in order of appearance, with the names of their columns. */
function namesIn(all: readonly object[], taken: object, prefix: string): Named[] {
  const names = new Set(all.flatMap((one) => Object.keys(one)));
  return [...names].map((name) => ({ name, column: name in taken ? `${prefix}.${name}` : name }));
}

/** @param metrics how many of the last columns are metrics, which are numbers also where all are whole */
function typed(
  about: { readonly [name: string]: ColumnType },
  named: readonly Named[],
  rows: readonly (readonly Json[])[],
  metrics: number,
): TypedTable {
  const fixed = Object.entries(about).map(([name, type]) => ({ name, type }));
  const others = named.map(({ column }, index) => {
    const isMetric = index >= named.length - metrics;
    const values = rows.map((row) => row[fixed.length + index]!);
    return { name: column, type: isMetric ? ("number" as const) : typeOf(values) };
  });
  return { columns: [...fixed, ...others], rows };
}

/** The one type of some values, null left aside. */
function typeOf(values: readonly Json[]): ColumnType {
  const kinds = new Set(
    values
      .filter((value) => value !== null)
      .map((value) => (typeof value === "object" ? "json" : typeof value)),
  );
  const [kind] = kinds;
  if (kinds.size !== 1) return "json";
  if (kind === "string") return "text";
  if (kind === "boolean") return "boolean";
  if (kind !== "number") return "json";
  return values.every((value) => value === null || Number.isSafeInteger(value))
    ? "integer"
    : "number";
}
