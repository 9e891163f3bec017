import { settingsText } from "../cells/index.js";
import type { FlatSettings } from "../spec/index.js";
import { FEWEST_SEEDS } from "../statistics/index.js";
import type { Comparison, Entry, Interval, MetricTable } from "./model.js";

/** What a setting is called in the head of a table. */
export const headText = (comparison: Comparison, path: string): string =>
  comparison.labels[path]?.label ?? path;

/** Settings as in the names of cells; `all` where there are none. */
export function settingsOrAll(
  { labels }: Comparison,
  settings: FlatSettings,
  paths: readonly string[],
): string {
  const text = settingsText(settings, paths, labels);
  return text === "" ? "all" : text;
}

/** A variant's name in a table's head. */
export const variantText = (comparison: Comparison, entry: Entry): string =>
  settingsOrAll(comparison, entry.settings, comparison.variants) +
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

/** The test whose p is shown: with fewer seeds a p is computed (--json has it) and not shown. */
export const shownTest = ({ test }: Entry): TestResult | null =>
  test !== null && "p" in test && test.n >= FEWEST_SEEDS ? test : null;

type TestResult = Extract<Entry["test"], { readonly p: number }>;

/** Difference, interval, raw and corrected p of an entry; `-` where there is none to show. */
export function differenceTexts(entry: Entry): [string, string, string, string] {
  const { difference, mean } = entry;
  const interval = difference?.interval ?? null;
  const shown = shownTest(entry);
  return [
    differenceText(entry),
    interval === null ? "-" : intervalText(interval, mean ?? interval[1]),
    shown === null ? "-" : pText(shown.p),
    shown === null || shown.holm === null ? "-" : pText(shown.holm),
  ];
}

/** The marks of an entry, each with its name. */
export const entryMarks = ({ marks }: Entry): string[] =>
  Object.entries(marks).flatMap(([name, texts]) => texts.map((text) => `${name}: ${text}`));

/** Above a table. */
export const titleText = ({ metric, direction }: MetricTable): string =>
  `${metric} (${direction === "max" ? "higher" : "lower"} is better)`;
