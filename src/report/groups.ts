import { canonicalJson } from "../base/json.js";
import type { FlatSettings } from "../spec/index.js";
import type { CellOutcome } from "./outcome.js";
import type { Field } from "./field.js";
import type { CompareRules } from "./rules.js";
import type { Labels, NamePath } from "../cells/index.js";
import { isOf, labelsOf, namePaths, SEED, varyingPaths } from "../cells/index.js";

/** Which settings tell variants, rows and candidates apart: paths that cells have. */
export interface Roles {
  readonly variant: readonly string[];
  readonly row: readonly string[];
  readonly select: readonly string[];
  /** How these settings are written: as in the names of cells. */
  readonly labels: Labels;
}

const touches = (a: string, b: string): boolean =>
  a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);

/**
 * Deals the settings that tell cells apart to their roles: those of the axes that the baseline names
 * make variants, and so do those that make controls; those that `select` tunes go, seeds and folds
 * are replicates, all others make rows.
 */
export function rolesOf(
  cells: readonly CellOutcome[],
  rules: CompareRules,
  { folds, controls }: Field,
): Roles {
  let named = namePaths(cells, rules.axes);
  if (!tellsApart(cells, named)) {
    // The axes alone leave two cells alike: every setting that varies counts.
    named = varyingPaths(cells).map((path) => ({ path, axis: path }));
  }
  const compared = Object.keys(rules.baseline ?? {});
  const comparedAxes = rules.axes.filter((axis) => compared.some((path) => touches(axis, path)));
  const over = rules.select?.over ?? [];
  const roles = { variant: [] as string[], row: [] as string[], select: [] as string[] };
  for (const { path } of named) {
    if (path === SEED || folds.some((fold) => isOf(path, fold))) continue;
    if (over.some((axis) => isOf(path, axis))) roles.select.push(path);
    else if ([...compared, ...comparedAxes, ...controls].some((axis) => isOf(path, axis)))
      roles.variant.push(path);
    else roles.row.push(path);
  }
  return { ...roles, labels: labelsOf(cells, named) };
}

function tellsApart(cells: readonly CellOutcome[], named: readonly NamePath[]): boolean {
  const paths = named.map(({ path }) => path);
  const keys = new Set(cells.map(({ settings }) => keyOf(settings, [...paths, SEED])));
  return keys.size === cells.length;
}

/** The values at some paths; paths that the settings lack are left out. */
export function pick(settings: FlatSettings, paths: readonly string[]): FlatSettings {
  return Object.fromEntries(
    paths.filter((path) => settings[path] !== undefined).map((path) => [path, settings[path]!]),
  );
}

/** One text per combination of values. */
export const keyOf = (settings: FlatSettings, paths: readonly string[]): string =>
  canonicalJson(pick(settings, paths));

/** Cells of equal values at some paths, in order of their first cell. */
export function groupBy(
  cells: readonly CellOutcome[],
  paths: readonly string[],
): { readonly settings: FlatSettings; readonly cells: CellOutcome[] }[] {
  const groups = new Map<string, { settings: FlatSettings; cells: CellOutcome[] }>();
  for (const cell of cells) {
    const key = keyOf(cell.settings, paths);
    const group = groups.get(key);
    if (group === undefined)
      groups.set(key, { settings: pick(cell.settings, paths), cells: [cell] });
    else group.cells.push(cell);
  }
  return [...groups.values()];
}

/** Groups of cells, found by settings that say all that a group's say, and maybe more. */
export class GeneralGroups {
  /** By the paths of a group's settings: few groups differ in these. */
  readonly #byPaths = new Map<
    string,
    { readonly paths: readonly string[]; readonly groups: Map<string, number> }
  >();

  constructor(
    private readonly groups: readonly {
      readonly settings: FlatSettings;
      readonly cells: readonly CellOutcome[];
    }[],
  ) {
    for (const [at, { settings }] of groups.entries()) {
      const paths = Object.keys(settings);
      const name = JSON.stringify(paths);
      let same = this.#byPaths.get(name);
      if (same === undefined) this.#byPaths.set(name, (same = { paths, groups: new Map() }));
      same.groups.set(keyOf(settings, paths), at);
    }
  }

  /** The cells of all groups whose settings these extend, in the order of the groups. */
  of(settings: FlatSettings): CellOutcome[] {
    const found: number[] = [];
    for (const { paths, groups } of this.#byPaths.values()) {
      const at = groups.get(keyOf(settings, paths));
      if (at !== undefined) found.push(at);
    }
    return found.sort((a, b) => a - b).flatMap((at) => this.groups[at]!.cells);
  }
}

/** True where `general` says nothing that `special` contradicts and no more than it. */
export const extendsSettings = (special: FlatSettings, general: FlatSettings): boolean =>
  Object.entries(general).every(
    ([path, value]) =>
      special[path] !== undefined && canonicalJson(special[path]) === canonicalJson(value),
  );
