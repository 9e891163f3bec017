import { valueText } from "../cells/index.js";
import type { Comparison, MetricTable } from "../report/index.js";
import {
  differenceTexts,
  entryMarks,
  entryText,
  headText,
  marksOfComparison,
  titleText,
} from "../report/index.js";
import { html, type Html, tableOf } from "./html.js";
import { nameOfEntry } from "./names.js";

/** A metric's results: a line for each variant in each row, the best of a row bold. */
export function resultsTable(comparison: Comparison, table: MetricTable): Html {
  const marks = marksOfComparison(comparison);
  const compares = comparison.baseline !== null;
  const rows = table.rows.flatMap((row) => {
    const means = row.variants.flatMap(({ mean }) => (mean === null ? [] : [mean]));
    const best = table.direction === "max" ? Math.max(...means) : Math.min(...means);
    return row.variants.map((entry) => {
      const numbers = entryMarks(entry).map((mark) => ` [${marks.indexOf(mark) + 1}]`);
      const text = entryText(entry) + numbers.join("");
      const isBest = means.length > 1 && entry.mean === best;
      const role = entry.baseline ? " (baseline)" : entry.control ? " (control)" : "";
      return [
        ...comparison.rows.map((path) => valueText(row.settings[path])),
        nameOfEntry(comparison, entry) + role,
        isBest ? html`<strong>${text}</strong>` : text,
        ...(compares ? differenceTexts(entry) : []),
      ];
    });
  });
  const head = [
    ...comparison.rows.map((path) => headText(comparison, path)),
    "variant",
    table.metric,
    ...(compares ? ["difference", "95 % interval", "p", "corrected p"] : []),
  ];
  return tableOf(titleText(table), head, rows, comparison.rows.length + 1);
}
