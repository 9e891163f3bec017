import { settingsText } from "../cells/index.js";
import type { FlatSettings } from "../spec/index.js";
import { FEWEST_SEEDS } from "../statistics/index.js";
import type { ClaimResult, Comparison, Entry, Interval, MetricTable } from "./model.js";

/** What a setting is called in the head of a table. */
export const headText = (comparison: Comparison, path: string): string =>
  comparison.labels[path]?.label ?? path;

/** Settings as in the names of cells; `all` where there are none. */
function settingsOf(
  { labels }: Comparison,
  settings: FlatSettings,
  paths: readonly string[],
): string {
  const text = settingsText(settings, paths, labels);
  return text === "" ? "all" : text;
}

/** A variant's name in a table's head. */
export const variantText = (comparison: Comparison, entry: Entry): string =>
  settingsOf(comparison, entry.settings, comparison.variants) +
  (entry.baseline ? " (baseline)" : "");

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
function differenceText({ difference, mean }: Entry): string {
  if (difference === null) return "-";
  const text = decimalsLike(difference.mean, mean ?? difference.mean);
  return difference.mean >= 0 ? `+${text}` : text;
}

/** An interval of a difference, with as many decimals as the mean that it stands beside. */
export function intervalText([low, high]: Interval, beside: number): string {
  const signed = (value: number): string => (value >= 0 ? "+" : "") + decimalsLike(value, beside);
  return `${signed(low)} to ${signed(high)}`;
}

/** A p-value; `<0.0001` where it is smaller. */
export const pText = (p: number): string => (p < 1e-4 ? "<0.0001" : p.toFixed(4));

/** Difference, interval, raw and corrected p of an entry; `-` where there is none to show. */
export function differenceTexts(entry: Entry): [string, string, string, string] {
  const { difference, test, mean } = entry;
  const interval = difference?.interval ?? null;
  // With fewer seeds a p is computed (--json has it) and not shown.
  const shown = test !== null && "p" in test && test.n >= FEWEST_SEEDS ? test : null;
  return [
    differenceText(entry),
    interval === null ? "-" : intervalText(interval, mean ?? interval[1]),
    shown === null ? "-" : pText(shown.p),
    shown === null || shown.holm === null ? "-" : pText(shown.holm),
  ];
}

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
    ...equivalenceNotes(comparison),
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
        comparison.rows.length === 0
          ? ""
          : `${settingsOf(comparison, row.settings, comparison.rows)}, `;
      return {
        where: `${rowText}${settingsOf(comparison, entry.settings, comparison.variants)}`,
        entry,
      };
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
    const settings = settingsText(winner, Object.keys(winner), comparison.labels);
    const won = settings === "" ? "the only one" : settings;
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
  for (const { entry } of entriesOf(comparison)) {
    for (const { cell, name, state, why } of entry.missing) {
      const which = name.endsWith(cell) ? `cell ${name}` : `${name} (cell ${cell})`;
      const reason = why === null ? "" : `: ${why.split("\n")[0]}`;
      lines.add(`  ${which} is ${state}${reason}`);
    }
  }
  if (lines.size === 0) return [];
  const all = [...lines];
  const more = all.length > MOST ? [`  and ${all.length - MOST} more`] : [];
  return ["not averaged over:", ...all.slice(0, MOST), ...more];
}

function testNotes(comparison: Comparison): string[] {
  const { baseline, units } = comparison;
  if (baseline === null) return [];
  const entries = comparison.metrics.flatMap((table) =>
    entriesOf(comparison, table).map(({ entry }) => entry),
  );
  const methods = new Set(entries.map(({ difference }) => difference?.method ?? null));
  const shown = entries.some(({ test }) => test !== null && "p" in test && test.n >= FEWEST_SEEDS);
  const reasons = new Set(
    entries.flatMap(({ test }) => (test !== null && "reason" in test ? [test.reason] : [])),
  );
  const how = [
    ...(methods.has("units and seeds") || methods.has("units")
      ? [`other ${units ?? "units"} and other seeds could have been drawn`]
      : []),
    ...(methods.has("seeds") ? ["paired t-test over seeds alone"] : []),
  ];
  const sizes = new Set(comparison.metrics.flatMap(({ rows }) => rows.map(({ claims }) => claims)));
  const family = `Holm's correction within each metric and row, over ${[...sizes].sort().join(" or ")} claims`;
  return [
    ...(how.length === 0 ? [] : [`interval: 95 %, against the baseline: ${how.join("; or ")}`]),
    ...(shown
      ? [`p: two-sided, the same way; corrected: ${family.replace(/ 1 claims$/, " 1 claim")}`]
      : []),
    ...[...reasons].map((reason) => `no interval in some places: ${reason}`),
  ];
}

/** Where a difference is shown to be too small to matter. */
function equivalenceNotes(comparison: Comparison): string[] {
  return comparison.metrics.flatMap((table) =>
    entriesOf(comparison, table).flatMap(({ where, entry: { equivalence, mean } }) =>
      equivalence === null || !equivalence.holds
        ? []
        : [
            `${table.metric}, ${where}: no difference larger than ${equivalence.margin} (90 % interval ${intervalText(equivalence.interval, mean ?? 0.1)})`,
          ],
    ),
  );
}

/** A line for each joint claim: its verdict, and what it rests on. */
export function claimLines(comparison: Comparison): string[] {
  return comparison.metrics.flatMap(({ metric, claims }) =>
    claims.map(({ claim, row, variant, verdict, why, against, margin, needed }) => {
      const rowText =
        comparison.rows.length === 0 ? "" : `${settingsOf(comparison, row, comparison.rows)}, `;
      const name = settingsOf(comparison, variant, comparison.variants);
      const parts = against.map(({ name: other, difference, interval }) => {
        const size = Math.max(Math.abs(difference), 0.1);
        const range = interval === null ? "" : ` (${intervalText(interval, size)})`;
        const sign = difference >= 0 ? "+" : "";
        return `against ${other} ${sign}${decimalsLike(difference, size)}${range}`;
      });
      const more = [
        ...(why === null ? [] : [why]),
        ...(verdict === "does not help" ? [`any gain is smaller than ${margin}`] : []),
        ...(needed === null ? [] : [neededText(needed, margin!, comparison.units)]),
        ...(verdict === "cannot tell" && why === null && margin === null
          ? [`compare.equivalence.${metric} would say which gain matters`]
          : []),
      ];
      const line = `${claim} (${metric}, ${rowText}${name}): ${verdict}: ${parts.join(", ")}`;
      return [line, ...more].join("; ");
    }),
  );
}

function neededText(
  { seeds, units }: NonNullable<ClaimResult["needed"]>,
  margin: number,
  many: string | null,
): string {
  const ways = [
    ...(seeds === null ? [] : [`${seeds} seeds`]),
    ...(units === null ? [] : [`${units} ${many ?? "units"}`]),
  ];
  return ways.length === 0
    ? `no number of seeds shows a gain of ${margin}`
    : `${ways.join(" or ")} would show a gain of ${margin} with 80 % power`;
}

export const warningLines = ({ warnings }: Comparison): string[] =>
  warnings.map(({ text }) => `warning: ${text}`);
