import type { Json } from "../base/json.js";
import { valueText } from "../cells/index.js";
import type { Comparison, Entry, MetricTable } from "./model.js";

type Flat = { readonly [path: string]: Json };

/** A path without the part that says nothing: `backbone.id` is the backbone. */
export const pathText = (path: string): string => path.replace(/\.(id|type)$/, "");

/** Settings in a few words: names alone where they speak for themselves, `path=value` otherwise. */
export function settingsText(settings: Flat, paths: readonly string[]): string {
  const parts = paths
    .filter((path) => settings[path] !== undefined)
    .map((path) => {
      const value = settings[path]!;
      return typeof value === "string" ? value : `${pathText(path)}=${valueText(value)}`;
    });
  return parts.length === 0 ? "all" : parts.join(" ");
}

/** A variant's name in a table's head. */
export const variantText = (comparison: Comparison, entry: Entry): string =>
  settingsText(entry.settings, comparison.variants) + (entry.baseline ? " (baseline)" : "");

/** A number with the digits that its size calls for; exact zero as 0. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return String(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(3);
  return value.toFixed(size >= 1000 ? 1 : size >= 10 ? 2 : 4);
}

/** `0.7612 ± 0.0008 n=3`; what is missing is said. */
export function entryText({ mean, sd, n, missing }: Entry): string {
  if (mean === null) return missing.length === 0 ? "-" : missingText(missing);
  const spread = sd === null ? "" : ` ± ${decimalsLike(sd, mean)}`;
  const absent = missing.length === 0 ? "" : `, ${missingText(missing)}`;
  return `${numberText(mean)}${spread} n=${n}${absent}`;
}

/** A spread or a difference with as many decimals as the mean it stands beside. */
export function decimalsLike(value: number, beside: number): string {
  const decimals = /\.(\d+)$/.exec(numberText(beside))?.[1]?.length;
  return decimals === undefined ? numberText(value) : value.toFixed(decimals);
}

function missingText(missing: Entry["missing"]): string {
  const counts = new Map<string, number>();
  for (const { state } of missing) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}

/** `+0.0012` */
export function differenceText({ difference, mean }: Entry): string {
  if (difference === null) return "-";
  const text = decimalsLike(difference.mean, mean ?? difference.mean);
  return difference.mean >= 0 ? `+${text}` : text;
}

/** A p-value; `<0.0001` where it is smaller. */
export const pText = (p: number): string => (p < 1e-4 ? "<0.0001" : p.toFixed(4));

/** Holm's p-value of an entry, or `-`. */
export const testText = ({ test }: Entry): string =>
  test !== null && "p" in test ? pText(test.holm) : "-";

/** Above a table. */
export const titleText = ({ metric, direction }: MetricTable): string =>
  `${metric} (${direction === "max" ? "higher" : "lower"} is better)`;

/** What has to be said below the tables: marks, winners, missing cells, tests. */
export function notesOf(comparison: Comparison): string[] {
  return [
    ...markNotes(comparison),
    ...selectionNotes(comparison),
    ...missingNotes(comparison),
    ...testNotes(comparison),
  ];
}

interface Seen {
  readonly where: string;
  readonly entry: Entry;
}

/** The entries of the first table, each with a name: what is not about metrics is equal in all. */
function entriesOf(comparison: Comparison, table = comparison.metrics[0]): Seen[] {
  return (table?.rows ?? []).flatMap((row) =>
    row.variants.map((entry) => {
      const rowText =
        comparison.rows.length === 0 ? "" : `${settingsText(row.settings, comparison.rows)}, `;
      return { where: `${rowText}${settingsText(entry.settings, comparison.variants)}`, entry };
    }),
  );
}

/** The distinct marks of a comparison; their order gives the numbers in brackets. */
export function marksOfComparison(comparison: Comparison): string[] {
  const marks = new Set<string>();
  for (const { entry } of entriesOf(comparison)) {
    for (const text of entryMarks(entry)) marks.add(text);
  }
  return [...marks];
}

export const entryMarks = ({ marks }: Entry): string[] =>
  Object.entries(marks).flatMap(([name, texts]) => texts.map((text) => `${name}: ${text}`));

const markNotes = (comparison: Comparison): string[] =>
  marksOfComparison(comparison).map((text, index) => `[${index + 1}] ${text}`);

function selectionNotes(comparison: Comparison): string[] {
  const { select } = comparison;
  if (select === null) return [];
  const notes = entriesOf(comparison).map(({ where, entry: { selection } }) => {
    if (selection === null) return null;
    const { winner, candidates } = selection;
    const incomplete = candidates.filter(({ missing }) => missing > 0).length;
    const out = incomplete === 0 ? "" : `; ${incomplete} of them incomplete and out of the race`;
    if (winner === null) {
      return `${where}: nothing picked: none of ${candidates.length} candidates has all its seeds`;
    }
    const settings = Object.entries(winner).map(([path, value]) => `${path}=${valueText(value)}`);
    const won = settings.length === 0 ? "the only one" : settings.join(" ");
    return `${where}: ${won}, of ${candidates.length}${out}`;
  });
  const how = select.direction === "max" ? "highest" : "lowest";
  return [
    `picked by the ${how} mean ${select.metric}:`,
    ...notes.filter((note) => note !== null).map((note) => `  ${note}`),
  ];
}

const MOST = 12;

function missingNotes(comparison: Comparison): string[] {
  const lines = new Set<string>();
  for (const { where, entry } of entriesOf(comparison)) {
    for (const { seed, cell, state, why } of entry.missing) {
      const which = seed === null ? "" : `, seed ${valueText(seed)}`;
      const reason = why === null ? "" : `: ${why.split("\n")[0]}`;
      lines.add(`  ${where}${which} (cell ${cell}) is ${state}${reason}`);
    }
  }
  if (lines.size === 0) return [];
  const all = [...lines];
  const more = all.length > MOST ? [`  and ${all.length - MOST} more`] : [];
  return ["not averaged over:", ...all.slice(0, MOST), ...more];
}

function testNotes(comparison: Comparison): string[] {
  if (comparison.baseline === null) return [];
  const table = comparison.metrics[0];
  if (table === undefined) return [];
  const reasons = new Set<string>();
  for (const { entry } of entriesOf(comparison)) {
    if (entry.test !== null && "reason" in entry.test) reasons.add(entry.test.reason);
  }
  const why = [...reasons].map((reason) => `no p in some places: ${reason}`);
  if (table.tests === 0) return [...reasons].map((reason) => `no significance test: ${reason}`);
  const family = table.tests === 1 ? "one test" : `${table.tests} tests of each table`;
  return [
    `p: two-sided paired t-test over seeds against the baseline, Holm-corrected over the ${family}`,
    ...why,
  ];
}
