import type { Science } from "../contract/science.js";
import type { CheckContext } from "./check.js";
import type { Cell, Compare, Select } from "./experiment.js";
import type { Problem } from "./problem.js";
import { didYouMean } from "./suggest.js";

/** A metric that a spec names, and where. */
interface Named extends Pick<Problem, "where" | "at"> {
  readonly name: string;
}

/** Reports metrics in `select` and `compare` that no cell will have. */
export function checkMetricNames(
  { report }: CheckContext,
  { select, compare }: { readonly select: Select | null; readonly compare: Compare },
  cells: readonly Cell[],
  science: Pick<Science, "metrics">,
): void {
  const named: readonly Named[] = [
    ...(select === null
      ? []
      : [{ name: select.metric, where: ["select", "metric"], at: "value" as const }]),
    ...(compare.metrics ?? []).map((name, index) => ({
      name,
      where: ["compare", "metrics", String(index)],
      at: "value" as const,
    })),
    ...Object.keys(compare.equivalence).map((name) => ({
      name,
      where: ["compare", "equivalence", name],
      at: "key" as const,
    })),
  ];
  const known = new Set<string>();
  for (const { settings } of cells) {
    // The first cell has nearly always all that is named.
    if (named.every(({ name }) => known.has(name))) break;
    const names = science.metrics?.(settings);
    if (names === undefined) return;
    for (const name of names) known.add(name);
  }
  for (const { name, where, at } of named) {
    if (known.has(name)) continue;
    const hint = didYouMean(name, known) || `; they have ${[...known].sort().join(", ")}`;
    report.add("error", { where, at, message: `no cell has the metric ${name}${hint}` });
  }
  for (const name of Object.keys(compare.equivalence)) {
    if (!known.has(name) || compare.metrics === null || compare.metrics.includes(name)) continue;
    const message = `the margin of ${name} has no effect: compare.metrics does not show it`;
    report.add("hint", { where: ["compare", "equivalence", name], at: "key", message });
  }
}
