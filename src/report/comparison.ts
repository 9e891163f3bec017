import type { Evidence } from "../statistics/index.js";
import { claimsOf } from "./claims.js";
import { incomparable, type StageLookup } from "./comparable.js";
import type { Judging } from "./contrast.js";
import { entriesOf } from "./entries.js";
import { type ComparedScience, Field } from "./field.js";
import { rolesOf } from "./groups.js";
import { layOut } from "./layout.js";
import type { Comparison, MetricTable } from "./model.js";
import type { CellOutcome } from "./outcome.js";
import type { CompareRules } from "./rules.js";
import { directionOf } from "./select.js";
import { warningsOf } from "./warnings.js";

export interface CompareRequest {
  readonly experiment: string;
  readonly sweep: string;
  readonly cells: readonly CellOutcome[];
  readonly rules: CompareRules;
  /** Instead of the rules' metrics. */
  readonly metrics?: readonly string[];
  /** What the cells are of; left out: differences are judged by seeds alone. */
  readonly science?: ComparedScience;
  /** Influences of the cells, where they were gathered. */
  readonly evidence?: Evidence;
  /** Looks up the stages behind the cells; left out: what differs between them is not said. */
  readonly stageOf?: StageLookup;
}

/** Compares the variants of a sweep. */
export function compareCells(request: CompareRequest): Comparison {
  const { experiment, sweep, rules } = request;
  const field = new Field(request.science);
  const cells = request.cells.map((cell) => field.bare(cell));
  const roles = rolesOf(cells, rules, field);
  const names = request.metrics ?? rules.metrics ?? testMetrics(cells);
  const layout = layOut(cells, rules, roles, field);
  const counts = { finished: 0, failed: 0, skipped: 0, interrupted: 0, running: 0, waiting: 0 };
  for (const { state } of cells) counts[state] += 1;
  const tables = names.map((metric) => {
    const judging: Judging = {
      metric,
      field,
      evidence: request.evidence ?? new Map(),
      seedsAlone: rules.test === "seeds",
    };
    const table: MetricTable = {
      metric,
      direction: directionOf(metric),
      rows: layout.map(({ settings, places }) => ({
        settings,
        ...entriesOf(places, judging, rules),
      })),
      claims: claimsOf(layout, judging, rules.equivalence[metric] ?? null),
    };
    return { table, judging };
  });
  const stageOf = request.stageOf ?? (() => undefined);
  const unlike = incomparable(layout, field, stageOf, roles.labels);
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
    units: field.statistics?.unit.many ?? null,
    metrics: tables.map(({ table }) => table),
    warnings: warningsOf(cells, layout, tables, roles.labels, unlike),
  };
}

/** The metrics on the test split, or all where there is none. */
function testMetrics(cells: readonly CellOutcome[]): string[] {
  const names = [...new Set(cells.flatMap(({ metrics }) => Object.keys(metrics)))];
  const test = names.filter((name) => name.startsWith("test."));
  return test.length > 0 ? test : names;
}
