import type { Plan, PlanEstimate } from "../plan/index.js";
import { formatTable } from "../base/table.js";
import type { Colours } from "../base/terminal.js";

/** The numbers of one stage as the table shows them; a dash stands for 0. */
const numbers = (one: PlanEstimate["total"]): string[] => [
  tokens(one.promptTokens),
  tokens(one.completionTokens),
  one.gpuHours === 0 ? "-" : one.gpuHours.toFixed(one.gpuHours < 10 ? 2 : 1),
  one.usd === 0 ? "-" : one.usd.toFixed(2),
];

const tokens = (count: number): string => {
  if (count === 0) return "-";
  if (count < 1e5) return String(Math.round(count));
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} M` : `${(count / 1e9).toFixed(2)} G`;
};

/** The estimate of a sweep as a table for people: one line for each kind of stage, and the sum. */
export function estimateAsText(plan: Plan, estimate: PlanEstimate, paint: Colours): string {
  const kinds = new Map<string, PlanEstimate["total"] & { stages: number }>();
  for (const [fingerprint, { record }] of plan.stages) {
    const one = estimate.stages.get(fingerprint)!;
    if (one.promptTokens + one.completionTokens + one.gpuHours + one.usd === 0) continue;
    const before = kinds.get(record.runner);
    kinds.set(record.runner, {
      stages: (before?.stages ?? 0) + 1,
      promptTokens: (before?.promptTokens ?? 0) + one.promptTokens,
      completionTokens: (before?.completionTokens ?? 0) + one.completionTokens,
      gpuHours: (before?.gpuHours ?? 0) + one.gpuHours,
      usd: (before?.usd ?? 0) + one.usd,
    });
  }
  const rows = [...kinds].map(([runner, sum]) => [runner, String(sum.stages), ...numbers(sum)]);
  const heads = ["runner", "stages", "tokens read", "tokens written", "GPU hours", "USD"];
  const dim = (text: string): string => paint.dim(text);
  return [
    formatTable(heads, [...rows, ["all", "", ...numbers(estimate.total)]], dim),
    "",
    "A rough estimate (docs/estimates.md): the true cost may be half of it or twice as much.",
  ].join("\n");
}

/** The same for other programs. */
export const estimateAsJson = (estimate: PlanEstimate): unknown => ({
  total: estimate.total,
  stages: Object.fromEntries(estimate.stages),
});
