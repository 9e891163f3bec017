import type { FlatSettings } from "../spec/index.js";
import type { Field } from "./field.js";
import { GeneralGroups, extendsSettings, groupBy, keyOf, type Roles } from "./groups.js";
import type { CellOutcome } from "./outcome.js";
import type { CompareRules } from "./rules.js";
import { type Selection, selectWinner } from "./select.js";

/** A variant in a row, before any metric: its cells, the picked ones alone where `select` picks. */
export interface Place {
  readonly settings: FlatSettings;
  readonly baseline: boolean;
  readonly cells: readonly CellOutcome[];
  /** Those, and the ones that did not win. */
  readonly all: readonly CellOutcome[];
  readonly selection: Selection | null;
}
/** Rows with the variants that each has, the baseline first. */
export type Layout = readonly {
  readonly settings: FlatSettings;
  readonly places: readonly Place[];
}[];

/** Deals cells to rows and variants. */
export function layOut(
  cells: readonly CellOutcome[],
  rules: CompareRules,
  roles: Roles,
  field: Field,
): Layout {
  const variants = groupBy(cells, roles.variant);
  const isBaseline = ({ settings }: CellOutcome): boolean =>
    rules.baseline !== null && field.isMarked(settings, rules.baseline);
  variants.sort((a, b) => Number(isBaseline(b.cells[0]!)) - Number(isBaseline(a.cells[0]!)));
  joinUnvaried(variants, roles, isBaseline);
  // A variant that ignores a row's setting stands in every row that differs in it alone.
  const keys = groupBy(cells, roles.row).map(({ settings }) => settings);
  const lengths = keys.map((key) => Object.keys(key).length);
  const most = lengths.reduce((a, b) => Math.max(a, b), 0);
  const rows = keys.filter(
    (key, at) =>
      lengths[at] === most ||
      !keys.some((other, from) => lengths[from]! > lengths[at]! && extendsSettings(other, key)),
  );
  const groupsOf = new Map(
    variants.map((variant) => [variant, new GeneralGroups(groupBy(variant.cells, roles.row))]),
  );
  return rows.map((settings) => ({
    settings,
    places: variants.flatMap((variant): Place[] => {
      const here = groupsOf.get(variant)!.of(settings);
      if (here.length === 0) return [];
      const baseline = isBaseline(variant.cells[0]!);
      const common = { settings: variant.settings, baseline, all: here };
      if (rules.select === null) return [{ ...common, cells: here, selection: null }];
      return [{ ...common, ...selectWinner(here, roles.select, rules.select.metric) }];
    }),
  }));
}

/**
 * Cells that have none of the settings that tell variants apart, because they ignore them all, are
 * what the baseline is in their rows. Where a row has both, they stay apart.
 */
function joinUnvaried(
  variants: { readonly settings: FlatSettings; readonly cells: CellOutcome[] }[],
  roles: Roles,
  isBaseline: (cell: CellOutcome) => boolean,
): void {
  const [base] = variants;
  const at = variants.findIndex(({ settings }) => Object.keys(settings).length === 0);
  if (base === undefined || at < 1 || !isBaseline(base.cells[0]!)) return;
  const unvaried = variants[at]!;
  const rows = new Set(base.cells.map(({ settings }) => keyOf(settings, roles.row)));
  if (unvaried.cells.some(({ settings }) => rows.has(keyOf(settings, roles.row)))) return;
  base.cells.push(...unvaried.cells);
  variants.splice(at, 1);
}
