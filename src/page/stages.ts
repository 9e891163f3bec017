import { tokensPerSecond, type Usage } from "../contract/usage.js";
import type { StageState, SweepState } from "../journal/index.js";
import { paidBy } from "../journal/index.js";
import type { Html } from "./html.js";
import { tableOf } from "./html.js";

/** Statuses of stages whose artifact is there. */
const READY: ReadonlySet<string> = new Set(["done", "cached"]);

/** Stages by kind: how many, what became of them, and how long they took. */
export function stagesTable(state: SweepState): Html {
  const paying = paidBy(state.stages.values());
  const rows = [...stagesByKind(state)].map(([kind, stages]) => {
    const count = (wanted: (stage: StageState) => boolean): string =>
      String(stages.filter(wanted).length);
    const seconds = secondsOf(stages);
    const paid = paidBy(stages);
    return [
      kind,
      String(stages.length),
      count(({ status }) => status === "done"),
      count(({ status }) => status === "cached"),
      count(({ status }) => !READY.has(status)),
      seconds === 0 ? "-" : seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0),
      ...(paying === null ? [] : paidCells(paid, seconds)),
    ];
  });
  const costs = ["requests", "repeated", "tokens read", "tokens written", "tokens/s", "USD"];
  const head = [
    ...["kind", "stages", "made", "cached", "not there", "seconds"],
    ...(paying === null ? [] : costs),
  ];
  if (paying !== null) rows.push(["all", "", "", "", "", "", ...paidCells(paying, 0)]);
  return tableOf("Stages by kind", head, rows);
}

/** What stages paid in this sweep; seconds of 0: their rate says nothing. */
function paidCells(paid: Usage | null, seconds: number): string[] {
  if (paid === null) return ["-", "-", "-", "-", "-", "-"];
  const rate = tokensPerSecond(paid, seconds);
  return [
    ...[paid.requests, paid.retries, paid.promptTokens, paid.completionTokens].map((count) =>
      count.toLocaleString("en-US"),
    ),
    rate === null ? "-" : rate.toPrecision(3),
    paid.usd === 0 ? "-" : paid.usd.toFixed(4),
  ];
}

/** The stages of each kind, in the plan's order. */
export function stagesByKind(state: SweepState): ReadonlyMap<string, readonly StageState[]> {
  const kinds = new Map<string, StageState[]>();
  for (const stage of state.stages.values()) {
    const kind = kinds.get(stage.record.runner);
    if (kind === undefined) kinds.set(stage.record.runner, [stage]);
    else kind.push(stage);
  }
  return kinds;
}

/** Seconds that stages took. Fused cells are trained together: each is charged its part. */
export const secondsOf = (stages: readonly StageState[]): number =>
  stages.reduce((sum, { seconds, fusedWith }) => sum + seconds / Math.max(1, fusedWith), 0);
