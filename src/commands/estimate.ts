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

/** Hours until a sweep ends: on some numbers of cards, and on this machine's. */
export interface WallHours {
  readonly by_cards: { readonly [cards: string]: number };
  readonly here: { readonly cards: number; readonly hours: number } | null;
}

const hours = (count: number): string =>
  `${count.toFixed(count < 10 ? 2 : 1)} h${count < 48 ? "" : ` (${(count / 24).toFixed(1)} days)`}`;

function wallAsText({ by_cards, here }: WallHours): string {
  const all = Object.entries(by_cards).map(
    ([cards, count]) => `${cards} ${cards === "1" ? "card" : "cards"} ${hours(count)}`,
  );
  const own =
    here === null
      ? "this machine has no card, and its cores take longer"
      : `this machine's ${here.cards === 1 ? "card" : `${here.cards} cards`} ${hours(here.hours)}`;
  return `wall time: ${all.join(", ")}; ${own}`;
}

/** The estimate of a sweep as a table for people: one line for each kind of stage, and the sum. */
export function estimateAsText(
  plan: Plan,
  estimate: PlanEstimate,
  wall: WallHours,
  paint: Colours,
): string {
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
    ...(estimate.total.gpuHours === 0 ? [] : [wallAsText(wall)]),
    ...estimate.unknown.map((what) => paint.yellow(`not known: ${what}`)),
    "A rough estimate (docs/estimates.md): the true cost may be half of it or twice as much.",
  ].join("\n");
}

/** The same for other programs. */
export const estimateAsJson = (estimate: PlanEstimate, wall: WallHours): unknown => ({
  total: estimate.total,
  wall_hours: wall,
  ...(estimate.unknown.length === 0 ? {} : { unknown: estimate.unknown }),
  stages: Object.fromEntries(estimate.stages),
});
