import { valueText } from "../cells/index.js";
import { formatTable, widthOf } from "../base/table.js";
import type { Comparison, Entry, MetricTable } from "./model.js";
import {
  differenceTexts,
  entryMarks,
  entryText,
  headText,
  titleText,
  variantText,
} from "./labels.js";
import { claimLines, marksOfComparison, notesOf, warningLines } from "./notes.js";

export interface TextOptions {
  /** Columns to stay within where it can be done; variants then go into several tables. */
  readonly width?: number;
  readonly bold?: (text: string) => string;
  readonly dim?: (text: string) => string;
}

/** A comparison as text: one table for each metric, then notes and warnings. */
export function comparisonAsText(comparison: Comparison, options: TextOptions = {}): string {
  const { bold = String, dim = String, width = 120 } = options;
  const parts: string[] = [];
  for (const table of comparison.metrics) {
    parts.push(bold(titleText(table)));
    parts.push(...tablesOf(comparison, table, width, dim), "");
  }
  if (comparison.metrics.length === 0) parts.push("no cell has a result yet", "");
  // What was found comes last: it is what a terminal shows when the command has ended.
  const beside = [...notesOf(comparison).map(dim), ...warningLines(comparison)];
  const claims = claimLines(comparison);
  if (beside.length > 0 && claims.length > 0) beside.push("");
  return [...parts, ...beside, ...claims].join("\n").trimEnd();
}

function tablesOf(
  comparison: Comparison,
  table: MetricTable,
  width: number,
  dim: (text: string) => string,
): string[] {
  const { heads, grid } = gridOf(comparison, table);
  const fixed = comparison.rows.length;
  const tables: string[] = [];
  let from = 0;
  while (from < heads.length) {
    // As many variants side by side as fit, one at least.
    let to = heads.length;
    let text = "";
    for (; to > from; to -= 1) {
      text = formatTable(
        [
          ...comparison.rows.map((path) => headText(comparison, path)),
          ...heads.slice(from, to).flat(),
        ],
        grid.map(({ row, cells }) => [...row.slice(0, fixed), ...cells.slice(from, to).flat()]),
        dim,
      );
      if (to === from + 1 || widthOf(text.split("\n")[0]!) <= width) break;
    }
    tables.push(text);
    from = to;
  }
  return tables;
}

/** The variants of a table, the baseline first: the key that tells each from the others, and an entry of it. */
export function variantsOf(table: MetricTable): [key: string, entry: Entry][] {
  const variants = new Map<string, Entry>();
  for (const row of table.rows) {
    for (const entry of row.variants) {
      const key = JSON.stringify(entry.settings);
      if (!variants.has(key)) variants.set(key, entry);
    }
  }
  return [...variants].sort(([, a], [, b]) => Number(b.baseline) - Number(a.baseline));
}

/** A table as texts: for each variant one column, or five beside a baseline. */
export function gridOf(
  comparison: Comparison,
  table: MetricTable,
): { heads: string[][]; grid: { row: string[]; cells: string[][] }[] } {
  const marks = marksOfComparison(comparison);
  const wide = (entry: Entry): boolean => comparison.baseline !== null && !entry.baseline;
  const ordered = variantsOf(table);
  return {
    heads: ordered.map(([, entry]) => {
      const name = variantText(comparison, entry);
      return wide(entry) ? [name, "difference", "95 % interval", "p", "corrected"] : [name];
    }),
    grid: table.rows.map((row) => {
      const here = new Map(row.variants.map((entry) => [JSON.stringify(entry.settings), entry]));
      return {
        row: comparison.rows.map((path) => valueText(row.settings[path])),
        cells: ordered.map(([key, one]) => {
          const entry = here.get(key);
          if (entry === undefined) return wide(one) ? ["-", "-", "-", "-", "-"] : ["-"];
          const numbers = entryMarks(entry).map((mark) => ` [${marks.indexOf(mark) + 1}]`);
          const value = entryText(entry) + numbers.join("");
          return wide(one) ? [value, ...differenceTexts(entry)] : [value];
        }),
      };
    }),
  };
}
