import { FEWEST_SEEDS } from "../statistics/index.js";
import { entryMarks, settingsOrAll, titleText } from "./labels.js";
import { latexText } from "./latex-text.js";
import type { Comparison, Entry, MetricTable } from "./model.js";
import { familyText, marksOfComparison } from "./notes.js";
import { isOpen, ranksOf } from "./rank.js";

/** Asterisks by the level that a corrected p is below, the smallest level last. */
const LEVELS = [
  { level: ".05", mark: "*" },
  { level: ".01", mark: "**" },
  { level: ".001", mark: "***" },
] as const;

/** The asterisks of an entry, none or one text: for its corrected p, where p is shown at all. */
export function significanceOf({ test }: Entry): string[] {
  if (test === null || !("p" in test) || test.holm === null || test.n < FEWEST_SEEDS) return [];
  const { holm } = test;
  const reached = LEVELS.filter(({ level }) => holm < Number(level));
  return reached.length === 0 ? [] : [reached.at(-1)!.mark];
}

/** The sign of the mark with this number: a to z, then aa, ab and so on. */
export function letterOf(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : letterOf(Math.floor(index / 26) - 1) + last;
}

/** What a table shows and what each mark in it means, as LaTeX. */
export function captionOf(comparison: Comparison, table: MetricTable): string {
  const entries = table.rows.flatMap(({ variants }) => variants);
  const some = (holds: (entry: Entry) => boolean): boolean => entries.some(holds);
  const ranks = new Set(table.rows.flatMap((row) => [...ranksOf(row, table.direction).values()]));
  const { select } = comparison;
  const parts = [
    latexText(`${titleText(table)}: ${meanText(entries)}`),
    ...(select === null
      ? []
      : [
          latexText(
            `picked by the ${select.direction === "max" ? "highest" : "lowest"} mean ${select.metric}`,
          ),
        ]),
    ...(ranks.has(1) ? ["bold: the best mean of a row"] : []),
    ...(ranks.has(2) ? ["underlined: the second best"] : []),
    ...(some(isOpen) ? ["no mean is marked in rows with cells that have not finished"] : []),
    ...(some(({ mean, missing }) => mean !== null && missing.length > 0)
      ? ["$n$: fewer seeds, because cells are missing"]
      : []),
    ...significanceParts(comparison, table, entries),
    ...marksOfComparison(comparison).flatMap((mark, index) =>
      some((entry) => entryMarks(entry).includes(mark))
        ? [`$^{${letterOf(index)}}$ ${latexText(mark)}`]
        : [],
    ),
  ];
  return `${parts.join("; ")}.`;
}

/** `mean ± standard deviation over 5 seeds` */
function meanText(entries: readonly Entry[]): string {
  const counts = entries.map(({ n }) => n).filter((n) => n > 0);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  if (counts.length === 0) return "no result yet";
  if (most === 1) return "one seed";
  const range = fewest === most ? String(most) : `${fewest} to ${most}`;
  return `mean ± standard deviation over ${range} seeds`;
}

function significanceParts(
  comparison: Comparison,
  table: MetricTable,
  entries: readonly Entry[],
): string[] {
  const base = entries.find(({ baseline }) => baseline);
  const family = familyText({ metrics: [table] });
  const tested = entries.some(
    ({ test }) => test !== null && "p" in test && test.holm !== null && test.n >= FEWEST_SEEDS,
  );
  if (base === undefined || family === null || !tested) return [];
  const name = settingsOrAll(comparison, base.settings, comparison.variants);
  const levels = LEVELS.map(({ level, mark }) => `$^{${mark}}$ $p < ${level}$`).join(", ");
  const of = latexText(
    `for the difference from ${name} (two-sided; ${methodText(entries, comparison.units)}; ${family}; controls have no such mark)`,
  );
  return [`${levels} ${of}`];
}

/** What the tests take to vary. */
function methodText(entries: readonly Entry[], units: string | null): string {
  const methods = new Set(entries.map(({ difference }) => difference?.method ?? null));
  const ways = [
    ...(methods.has("units and seeds") || methods.has("units")
      ? [`${units ?? "units"} and seeds count as random`]
      : []),
    ...(methods.has("seeds") ? ["paired t-test over seeds alone"] : []),
  ];
  return ways.join(" or ");
}
