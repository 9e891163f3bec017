import type { Comparison, Entry, MetricTable } from "../report/index.js";
import { isWhole, settingsOrAll, shownTest } from "../report/index.js";

/**
 * The figures of a comparison as metrics of a sweep's run: of each metric the mean of each variant in
 * each row, its difference from the baseline with its interval, and p as the tables show it. The part of a
 * name before `/` is a group of charts in MLflow. A mean over some of a variant's seeds, or of a
 * candidate that is not picked yet, is none.
 */
export function figuresOf(comparison: Comparison): { readonly [name: string]: number } {
  const figures: { [name: string]: number } = {};
  for (const table of comparison.metrics) {
    for (const row of table.rows) {
      const base = row.variants.find(({ baseline }) => baseline);
      const place =
        comparison.rows.length === 0
          ? ""
          : `${settingsOrAll(comparison, row.settings, comparison.rows)} `;
      for (const entry of row.variants) {
        if (!isWhole(entry)) continue;
        const name = place + settingsOrAll(comparison, entry.settings, comparison.variants);
        const compared = base !== undefined && isWhole(base);
        for (const [group, value] of groupsOf(table, entry, compared)) {
          const key = `${group}/${plain(name)}`;
          figures[key in figures ? `${group}/${name}` : key] = value;
        }
      }
    }
  }
  return figures;
}

function groupsOf(
  { metric }: MetricTable,
  entry: Entry,
  compared: boolean,
): readonly (readonly [group: string, value: number])[] {
  const { mean, difference } = entry;
  const test = shownTest(entry);
  return [
    [metric, mean!],
    ...(!compared || difference === null
      ? []
      : ([
          [`${metric} difference`, difference.mean],
          ...(difference.interval === null
            ? []
            : ([
                [`${metric} difference high`, difference.interval[1]],
                [`${metric} difference low`, difference.interval[0]],
              ] as const)),
          ...(test === null ? [] : ([[`${metric} p`, test.p]] as const)),
          ...(test === null || test.holm === null
            ? []
            : ([[`${metric} p corrected`, test.holm]] as const)),
        ] as const)),
  ];
}

/** A name in letters that MLflow takes in the name of a metric, as far as it can be written so. */
const plain = (name: string): string => name.replaceAll("=", ":").replaceAll("/", "-");
