import { differenceTexts, entryText, settingsOrAll } from "./labels.js";
import type { Comparison, Entry, MetricTable, Row } from "./model.js";
import { claimLines } from "./notes.js";
import { better } from "./select.js";

/** Most rows that are told in words. */
const MOST = 12;

/**
 * What a comparison comes to, in a few sentences: its joint claims, else which variant is best in each
 * row. Of cells that have not finished nothing is said but that. Empty where there is no result.
 */
export function findingLines(comparison: Comparison): string[] {
  const claims = claimLines(comparison);
  if (claims.length > 0) return claims;
  const { cells, metrics } = comparison;
  const [table] = metrics;
  const open = cells.running + cells.waiting + cells.interrupted;
  if (open > 0) {
    const all = Object.values(cells).reduce((sum, count) => sum + count, 0);
    return [`Nothing is decided yet: ${open} of ${all} cells have not finished.`];
  }
  if (table === undefined) return [];
  const lines = table.rows.flatMap((row) => rowLine(comparison, table, row) ?? []);
  const more = lines.length - MOST;
  return [...lines.slice(0, MOST), ...(more > 0 ? [`And ${more} rows more, see the table.`] : [])];
}

/** Null where no variant of the row has a whole result, or there is one variant alone. */
function rowLine(comparison: Comparison, table: MetricTable, row: Row): string | null {
  const whole = row.variants.filter(isWhole);
  const [first, ...others] = whole;
  if (first === undefined || others.length === 0) return null;
  const best = others.reduce((a, b) => (better(table.direction, b.mean!, a.mean!) ? b : a), first);
  const name = (entry: Entry): string =>
    settingsOrAll(comparison, entry.settings, comparison.variants);
  const where =
    comparison.rows.length === 0
      ? ""
      : `${settingsOrAll(comparison, row.settings, comparison.rows)}: `;
  const most = table.direction === "max" ? "highest" : "lowest";
  const head = `${table.metric}, ${where}${name(best)} is ${most} (${entryText(best)})`;
  const base = row.variants.find(({ baseline }) => baseline);
  if (base === undefined || !isWhole(base)) return `${head}.`;
  if (best.baseline) return `${head}: no variant is better than the baseline.`;
  const [difference, interval, p, corrected] = differenceTexts(best);
  const parts = [
    `${difference} against ${name(base)}`,
    ...(interval === "-" ? [] : [`95 % interval ${interval}`]),
    ...(corrected !== "-" ? [`corrected p ${corrected}`] : p !== "-" ? [`p ${p}`] : []),
  ];
  return `${head}: ${parts.join(", ")}.`;
}

/**
 * True where an entry stands for all its cells: each has finished, or one candidate with all its seeds
 * was picked. A mean over some of the seeds, or of a candidate that may still lose, is no result.
 */
export const isWhole = ({ mean, missing, selection }: Entry): boolean =>
  mean !== null && (selection === null ? missing.length === 0 : selection.winner !== null);
