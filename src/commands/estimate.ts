import os from "node:os";
import type { Config } from "../config/config.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { StageEstimate } from "../contract/runner.js";
import type { StageCost } from "../forecast/index.js";
import type { TimeLeft } from "../journal/index.js";
import type { Plan, StagePresence } from "../plan/index.js";
import type { Experiment } from "../spec/index.js";
import { formatTable } from "../base/table.js";
import type { Colours } from "../base/terminal.js";
import { countText, durationText } from "./numbers.js";

type Numbers = Pick<StageCost, keyof typeof NOTHING>;

/** What the stages of a plan that would run will take. */
export interface PlanEstimate {
  /** In the plan's order; a stage that would not run takes nothing. */
  readonly stages: ReadonlyMap<Fingerprint, Numbers & Pick<StageEstimate, "sizes">>;
  readonly total: Numbers;
  /** From the sweep's beginning to its end on this machine; null: not known. */
  readonly time: TimeLeft | null;
  /** Hours of cards from beginning to end on some numbers of cards, whatever this machine has. */
  readonly byCards: { readonly [cards: string]: number };
  /** What is not known, a sentence each: the true numbers are larger. */
  readonly unknown: readonly string[];
}

const NOTHING = {
  seconds: 0,
  promptTokens: 0,
  completionTokens: 0,
  gpuHours: 0,
  usd: 0,
};

const added = (a: Numbers, b: Numbers): Numbers => ({
  seconds: a.seconds + b.seconds,
  promptTokens: a.promptTokens + b.promptTokens,
  completionTokens: a.completionTokens + b.completionTokens,
  gpuHours: a.gpuHours + b.gpuHours,
  usd: a.usd + b.usd,
});

/** Estimates what a plan will take, by its runners' reckoning and by what this machine's journals measured. */
export async function estimatePlan(
  experiment: Experiment,
  config: Config,
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
): Promise<PlanEstimate> {
  const { machineFor, openForecast } = await import("../execute/index.js");
  const machine = machineFor(experiment, config, plan, presence);
  const forecast = await openForecast(experiment, config, plan, presence, machine);
  const stages = new Map<Fingerprint, Numbers & Pick<StageEstimate, "sizes">>();
  const toRun: Fingerprint[] = [];
  let total: Numbers = NOTHING;
  for (const fingerprint of plan.stages.keys()) {
    let cost: Numbers = NOTHING;
    if (presence.get(fingerprint)?.wouldRun === true) {
      toRun.push(fingerprint);
      cost = added(NOTHING, forecast.cost(fingerprint) ?? NOTHING);
      total = added(total, cost);
    }
    stages.set(fingerprint, { ...cost, sizes: forecast.sizes(fingerprint) });
  }
  const { wallHours } = await import("../forecast/index.js");
  const on = (cards: number): number => wallHours(plan, presence, stages, cards);
  return {
    stages,
    total,
    time: toRun.length === 0 ? null : forecast.secondsOf(toRun),
    byCards: Object.fromEntries([1, 2, 4, 8].map((cards) => [cards, on(cards)])),
    unknown: forecast.unknown,
  };
}

/** The numbers of one kind of stage as the table shows them; a dash stands for 0. */
const numbers = (one: Numbers): string[] => [
  one.seconds === 0 ? "-" : durationText(one.seconds),
  countText(one.promptTokens),
  countText(one.completionTokens),
  one.gpuHours === 0 ? "-" : one.gpuHours.toFixed(one.gpuHours < 10 ? 2 : 1),
  one.usd === 0 ? "-" : one.usd.toFixed(2),
];

/** The estimate of a sweep as a table for people: one line for each kind of stage, and the sum. */
export function estimateAsText(plan: Plan, estimate: PlanEstimate, paint: Colours): string {
  const kinds = new Map<string, Numbers & { stages: number }>();
  for (const [fingerprint, { record }] of plan.stages) {
    const one = estimate.stages.get(fingerprint)!;
    if (one.seconds + one.promptTokens + one.gpuHours === 0) continue;
    const before = kinds.get(record.runner) ?? { stages: 0, ...NOTHING };
    kinds.set(record.runner, { stages: before.stages + 1, ...added(before, one) });
  }
  const rows = [...kinds].map(([runner, sum]) => [runner, String(sum.stages), ...numbers(sum)]);
  const heads = ["runner", "stages", "time", "tokens read", "tokens written", "GPU hours", "USD"];
  const dim = (text: string): string => paint.dim(text);
  return [
    formatTable(heads, [...rows, ["all", "", ...numbers(estimate.total)]], dim),
    "",
    ...estimate.unknown.map((what) => paint.yellow(`Not known: ${what}.`)),
    timeText(estimate.time),
    ...(estimate.total.gpuHours === 0 ? [] : [cardsText(estimate.byCards)]),
  ].join("\n");
}

/** How long the stages that use cards would take on some numbers of cards. */
function cardsText(byCards: PlanEstimate["byCards"]): string {
  const all = Object.entries(byCards).map(
    ([cards, hours]) =>
      `${cards} ${cards === "1" ? "card" : "cards"} ${durationText(hours * 3600)}`,
  );
  return `Its work for cards, cell by cell, takes: ${all.join(", ")}.`;
}

/** How long the sweep will take, and how sure that is. */
function timeText(time: TimeLeft | null): string {
  if (time === null) return "Nothing would run, or it is not known how long it takes.";
  const cores = os.availableParallelism();
  const said = `The sweep takes about ${durationText(time.seconds)} on this machine (${cores} CPU cores).`;
  return time.measured
    ? `${said} It is estimated from the stages that ran here; the truth may be half of it or twice as much (docs/estimates.md).`
    : `${said} No such stage has run here yet: it is a rough guess, which the first sweep sets right (docs/estimates.md).`;
}

/** The same for other programs. */
export const estimateAsJson = (estimate: PlanEstimate): unknown => ({
  total: estimate.total,
  time: estimate.time,
  gpu_hours_by_cards: estimate.byCards,
  ...(estimate.unknown.length === 0 ? {} : { unknown: estimate.unknown }),
  stages: Object.fromEntries(estimate.stages),
});
