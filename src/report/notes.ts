import { settingsText } from "../cells/index.js";
import { FEWEST_SEEDS } from "../statistics/index.js";
import { decimalsLike, entryMarks, intervalText, settingsOrAll } from "./labels.js";
import type { ClaimResult, Comparison, Entry } from "./model.js";
import type { Candidate } from "./select.js";

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
          : `${settingsOrAll(comparison, row.settings, comparison.rows)}, `;
      return {
        where: `${rowText}${settingsOrAll(comparison, entry.settings, comparison.variants)}`,
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

const markNotes = (comparison: Comparison): string[] =>
  marksOfComparison(comparison).map((text, index) => `[${index + 1}] ${text}`);

/** Why nothing was picked. */
function nothingPicked(candidates: readonly Candidate[]): string {
  const open = candidates.filter((one) => one.open > 0).length;
  return open > 0
    ? `nothing is picked yet: ${open} of the ${candidates.length} candidates ${open === 1 ? "has" : "have"} not finished`
    : `nothing was picked: none of the ${candidates.length} candidates has the metric for all its seeds`;
}

/** Where `select` has nothing to pick from though all cells have ended, a line each. */
export function notPicked(comparison: Comparison): string[] {
  const { select, cells } = comparison;
  // Cells that are still to come may be what is wanting.
  if (select === null || cells.running + cells.waiting + cells.interrupted > 0) return [];
  const lines = entriesOf(comparison).flatMap(({ where, entry: { selection } }) =>
    selection === null || selection.winner !== null
      ? []
      : [`select by ${select.metric}: ${where}: ${nothingPicked(selection.candidates)}`],
  );
  return [...new Set(lines)];
}

function selectionNotes(comparison: Comparison): string[] {
  const { select } = comparison;
  if (select === null) return [];
  const notes = entriesOf(comparison).map(({ where, entry: { selection } }) => {
    if (selection === null) return null;
    const { winner, candidates } = selection;
    const incomplete = candidates.filter(({ missing }) => missing > 0).length;
    const out =
      incomplete === 0
        ? ""
        : `; ${incomplete} of them incomplete, so that they could not be picked`;
    if (winner === null) return `${where}: ${nothingPicked(candidates)}`;
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
  const family = familyText(comparison);
  return [
    ...(how.length === 0
      ? []
      : [`interval: 95 %, of the difference from the baseline: ${how.join("; or ")}`]),
    ...(shown
      ? [`p: two-sided, the same way${family === null ? "" : `; corrected: ${family}`}`]
      : []),
    ...[...reasons].map((reason) => `no interval in some places: ${reason}`),
  ];
}

/** What p is corrected over; null where no row has a claim. */
export function familyText({ metrics }: Pick<Comparison, "metrics">): string | null {
  const all = metrics.flatMap(({ rows }) => rows.map(({ claims }) => claims));
  const sizes = [...new Set(all)].filter((size) => size > 0).sort((a, b) => a - b);
  if (sizes.length === 0) return null;
  const [fewest, most] = [sizes[0]!, sizes.at(-1)!];
  const range = sizes.length <= 2 ? sizes.join(" or ") : `${fewest} to ${most}`;
  const one = most === 1 ? "claim" : "claims";
  return `Holm's correction within each metric and row, over ${range} ${one}`;
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
        comparison.rows.length === 0 ? "" : `${settingsOrAll(comparison, row, comparison.rows)}, `;
      const name = settingsOrAll(comparison, variant, comparison.variants);
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
      const rests = [...(parts.length === 0 ? [] : [parts.join(", ")]), ...more].join("; ");
      return `${claim} (${metric}, ${rowText}${name}): ${verdict}${rests === "" ? "" : `: ${rests}`}`;
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
