import type { Comparison } from "./model.js";
import { entryMarks } from "./labels.js";
import type { Json } from "../base/json.js";

const quoted = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

const field = (value: Json | undefined): string =>
  value === undefined || value === null
    ? ""
    : quoted(typeof value === "string" ? value : JSON.stringify(value));

/** A comparison as CSV (RFC 4180), a line per metric, row and variant, numbers in full. */
export function comparisonAsCsv(comparison: Comparison): string {
  const head = [
    "metric",
    ...comparison.rows,
    ...comparison.variants,
    ...["baseline", "mean", "sd", "n", "difference", "difference_sd", "pairs"],
    ...["low", "high", "method", "t", "df", "p", "p_holm", "margin", "p_equivalence"],
    ...["selected", "missing", "marks"],
  ];
  const lines = comparison.metrics.flatMap((table) =>
    table.rows.flatMap((row) =>
      row.variants.map((entry) => {
        const test = entry.test !== null && "p" in entry.test ? entry.test : null;
        return [
          table.metric,
          ...comparison.rows.map((path) => row.settings[path]),
          ...comparison.variants.map((path) => entry.settings[path]),
          entry.baseline,
          entry.mean,
          entry.sd,
          entry.n,
          entry.difference?.mean,
          entry.difference?.sd,
          entry.difference?.pairs,
          entry.difference?.interval?.[0],
          entry.difference?.interval?.[1],
          entry.difference?.method,
          test?.t,
          test?.df,
          test?.p,
          test?.holm,
          entry.equivalence?.margin,
          entry.equivalence?.p,
          entry.selection?.winner,
          entry.missing.length,
          entryMarks(entry).join("; "),
        ] as (Json | undefined)[];
      }),
    ),
  );
  return `${[head, ...lines].map((cells) => cells.map(field).join(",")).join("\r\n")}\r\n`;
}
