import { type Labels, settingsText } from "../cells/index.js";
import type { FlatSettings } from "../spec/index.js";
import { ENOUGH_SEEDS, FEWEST_SEEDS, oneSided } from "../statistics/index.js";
import { isControlOf } from "./claims.js";
import { contrastOf, type Judging } from "./contrast.js";
import type { Layout, Place } from "./layout.js";
import type { MetricTable, Warning } from "./model.js";
import type { CellOutcome } from "./outcome.js";
import { directionOf, isOpenState } from "./select.js";

/** A table of one metric with what its differences are judged by. */
export interface JudgedTable {
  readonly table: MetricTable;
  readonly judging: Judging;
}

/** What a reader has to know of a comparison beside its numbers. */
export function warningsOf(
  cells: readonly CellOutcome[],
  layout: Layout,
  tables: readonly JudgedTable[],
  labels: Labels,
  incomparable: readonly string[],
): readonly Warning[] {
  const names = new Names(labels);
  const seen = new Map<string, Warning>();
  const add = (kind: Warning["kind"], texts: readonly string[]): void => {
    for (const text of texts) if (!seen.has(text)) seen.set(text, { kind, text });
  };
  add("unfinished", unfinished(cells));
  add("not comparable", incomparable);
  const first = tables[0];
  if (first !== undefined) {
    const { statistics } = first.judging.field;
    add("science", statistics?.remarks(cells.map(({ settings }) => settings)) ?? []);
    add("no control", uncontrolled(layout, first.judging, names));
  }
  for (const one of tables) add("control as good", asGood(layout, one.judging, names));
  for (const one of tables) add("left out", leftOut(cells, one.judging));
  add("seeds alone", seedsAlone(tables));
  add("few seeds", fewSeeds(tables));
  for (const { table, judging } of tables)
    add("seeds dominate", seedsDominate(table, judging, names));
  return [...seen.values()];
}

/** What stands in the tables while cells can still finish is no result yet. */
function unfinished(cells: readonly CellOutcome[]): string[] {
  const open = cells.filter(({ state }) => isOpenState(state)).length;
  return open === 0
    ? []
    : [
        `${open} of ${cells.length} cells have not finished: means, picks, p and verdicts can still change`,
      ];
}

/** How settings are called. */
class Names {
  constructor(private readonly labels: Labels) {}

  of({ settings }: { readonly settings: FlatSettings }): string {
    return this.isAlone({ settings })
      ? "all"
      : settingsText(settings, Object.keys(settings), this.labels);
  }

  /** Whether nothing tells it from others: there is one variant. */
  isAlone({ settings }: { readonly settings: FlatSettings }): boolean {
    return settingsText(settings, Object.keys(settings), this.labels) === "";
  }

  /** A row; nothing where there is one row. */
  row(settings: FlatSettings): string {
    return Object.keys(settings).length === 0 ? "" : this.of({ settings });
  }
}

/** Variants that have no control in any row. */
function uncontrolled(layout: Layout, judging: Judging, names: Names): string[] {
  const { field } = judging;
  const path = field.statistics?.control.path ?? "";
  const lacking = new Map<string, boolean>();
  for (const { places } of layout) {
    for (const place of places) {
      if (!field.needsControl(place.all[0]!.settings)) continue;
      const has = places.some((other) => isControlOf(other, place, judging));
      const who = names.isAlone(place) ? "the only variant" : names.of(place);
      lacking.set(who, (lacking.get(who) ?? true) && !has);
    }
  }
  return [...lacking].flatMap(([name, lacks]) =>
    lacks
      ? [
          `${name} has no control beside it (${path}), so it is not known whether a gain comes from its content`,
        ]
      : [],
  );
}

/** Controls that the variant is not shown to be better than; rows that are alike share a line. */
function asGood(layout: Layout, judging: Judging, names: Names): string[] {
  const rows = new Map<string, string[]>();
  for (const { settings, places } of layout) {
    for (const variant of places) {
      if (judging.field.isControl(variant.all[0]!.settings)) continue;
      for (const control of places.filter((one) => isControlOf(one, variant, judging))) {
        const how = howGood(variant, control, judging);
        if (how === null) continue;
        const line = `the control ${names.of(control)} is as good as ${names.of(variant)}${how}`;
        rows.set(line, [...(rows.get(line) ?? []), names.row(settings)]);
      }
    }
  }
  return [...rows].map(([line, found]) => `${judging.metric}${inRows(found)}: ${line}`);
}

/** What to add to "as good as"; null where the variant is shown to be better than its control. */
function howGood(variant: Place, control: Place, judging: Judging): string | null {
  const contrast = contrastOf(variant.cells, control.cells, judging);
  if (contrast === null) return null;
  const gain = (directionOf(judging.metric) === "max" ? 1 : -1) * contrast.difference;
  if (gain <= 0) return "";
  const { combined, seeds } = contrast;
  const open = combined !== null && seeds >= FEWEST_SEEDS && oneSided({ gain, combined }) >= 0.05;
  return open ? ", as far as the data can show" : null;
}

/** ` (small, large)` */
const inRows = (rows: readonly string[]): string => {
  const named = rows.filter((row) => row !== "");
  return named.length === 0 ? "" : ` (${named.join(", ")})`;
};

/** Units that have no part in a metric. */
function leftOut(cells: readonly CellOutcome[], { metric, field, evidence }: Judging): string[] {
  const { statistics } = field;
  const why = statistics?.leftOut(metric) ?? null;
  if (statistics === undefined || why === null) return [];
  const texts = new Set<string>();
  for (const { id } of cells) {
    const found = evidence.get(id as never);
    const influence = found === undefined || "reason" in found ? undefined : found.metrics[metric];
    if (influence === undefined || influence.leftOut === 0) continue;
    const all = influence.units.length + influence.leftOut;
    texts.add(
      `${metric} leaves ${influence.leftOut} of ${all} ${statistics.unit.many} out: ${why}`,
    );
  }
  return [...texts];
}

const differencesOf = (table: MetricTable) =>
  table.rows.flatMap(({ settings, variants }) =>
    variants.flatMap((entry) =>
      entry.difference === null ? [] : [{ settings, entry, difference: entry.difference }],
    ),
  );

/** Where and why differences are judged by seeds alone. */
function seedsAlone(tables: readonly JudgedTable[]): string[] {
  const metrics = new Map<string, Set<string>>();
  for (const { table, judging } of tables) {
    if (judging.field.statistics === undefined) continue;
    for (const { difference } of differencesOf(table)) {
      if (difference.why === null) continue;
      const seen = metrics.get(difference.why) ?? new Set();
      metrics.set(difference.why, seen.add(table.metric));
    }
  }
  const many = tables[0]?.judging.field.statistics?.unit.many ?? "";
  return [...metrics].map(
    ([why, names]) =>
      `${[...names].join(", ")}: judged by seeds alone, as if there were no other ${many}: ${why}`,
  );
}

function fewSeeds(tables: readonly JudgedTable[]): string[] {
  const seeds = tables.flatMap(({ table }) =>
    differencesOf(table).map(({ difference }) => difference.pairs),
  );
  if (seeds.length === 0) return [];
  const fewest = Math.min(...seeds);
  if (fewest < FEWEST_SEEDS) {
    const one = fewest === 1 ? "; the interval of one seed leaves out what another would give" : "";
    return [
      `fewer than ${FEWEST_SEEDS} seeds (${fewest}): no p and no verdict is shown there${one}`,
    ];
  }
  return fewest < ENOUGH_SEEDS
    ? [
        `fewer than ${ENOUGH_SEEDS} seeds (${fewest}): the variation between seeds is known only roughly`,
      ]
    : [];
}

/** Few seeds that vary more than units do make p too small (docs/compare.md). */
function seedsDominate(table: MetricTable, { field }: Judging, names: Names): string[] {
  const many = field.statistics?.unit.many ?? "";
  const rows = new Map<string, string[]>();
  for (const { settings, entry, difference } of differencesOf(table)) {
    const { variance, pairs } = difference;
    if (variance === null || variance.seeds === null || pairs >= ENOUGH_SEEDS) continue;
    if (variance.seeds <= variance.units) continue;
    const line = `seeds vary more than ${many} do in ${names.of(entry)}, with ${pairs} seeds: p is too small (docs/compare.md)`;
    rows.set(line, [...(rows.get(line) ?? []), names.row(settings)]);
  }
  return [...rows].map(([line, found]) => `${table.metric}${inRows(found)}: ${line}`);
}
