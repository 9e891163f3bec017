import type { Json } from "../base/json.js";
import { canonicalJson } from "../base/json.js";
import type { FlatSettings } from "../spec/index.js";
import { entryMarks } from "./labels.js";
import type { Comparison, Entry, MetricTable, Row } from "./model.js";

const quoted = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

const field = (value: Json | undefined): string =>
  value === undefined || value === null
    ? ""
    : quoted(typeof value === "string" ? value : JSON.stringify(value));

/** Cells as one line of CSV (RFC 4180), without its end. */
export const csvLine = (cells: readonly (Json | undefined)[]): string => cells.map(field).join(",");

/** The verdicts of the joint claims about a variant in a row. */
const verdictsOf = ({ claims }: MetricTable, row: Row, entry: Entry): string =>
  claims
    .filter((one) => isEqual(one.row, row.settings) && isEqual(one.variant, entry.settings))
    .map(({ claim, verdict }) => `${claim}: ${verdict}`)
    .join("; ");

const isEqual = (a: FlatSettings, b: FlatSettings): boolean =>
  canonicalJson(a) === canonicalJson(b);

/** A comparison as CSV (RFC 4180), a line per metric, row and variant, numbers in full. */
export function comparisonAsCsv(comparison: Comparison): string {
  const head = [
    "metric",
    ...comparison.rows,
    ...comparison.variants,
    ...[
      "baseline",
      "is_control",
      "is_claim",
      "mean",
      "sd",
      "n",
      "difference",
      "difference_sd",
      "pairs",
    ],
    ...["low", "high", "method", "t", "df", "p", "p_holm", "margin", "p_equivalence", "equivalent"],
    ...["verdict", "selected", "missing", "marks"],
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
          entry.control,
          entry.claim,
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
          entry.equivalence?.holds,
          verdictsOf(table, row, entry),
          entry.selection?.winner,
          entry.missing.length,
          entryMarks(entry).join("; "),
        ] as (Json | undefined)[];
      }),
    ),
  );
  return `${[head, ...lines].map(csvLine).join("\r\n")}\r\n`;
}
