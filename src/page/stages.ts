import type { Usage } from "../contract/usage.js";
import { tokensPerSecond, usdText } from "../contract/usage.js";
import type { StageState, SweepState } from "../journal/index.js";
import { paidBy } from "../journal/index.js";
import type { Html } from "./html.js";
import { tableOf } from "./html.js";

/** Statuses of stages whose artifact is there. */
const READY: ReadonlySet<string> = new Set(["done", "cached"]);

/**
 * Stages by kind: how many, what became of them, how long they took, and what they paid in this sweep
 * where any paid: tokens, requests and dollars.
 */
export function stagesTable(state: SweepState): Html {
  const pays = paidBy(state.stages.values()) !== null;
  const rows = [...stagesByKind(state)].map(([kind, stages]) => {
    const count = (wanted: (stage: StageState) => boolean): string =>
      String(stages.filter(wanted).length);
    const seconds = secondsOf(stages);
    return [
      kind,
      String(stages.length),
      count(({ status }) => status === "done"),
      count(({ status }) => status === "cached"),
      count(({ status }) => !READY.has(status)),
      seconds === 0 ? "-" : seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0),
      ...(pays ? paidTexts(paidBy(stages), seconds) : []),
    ];
  });
  const head = [
    ...["kind", "stages", "made", "cached", "not there", "seconds"],
    ...(pays
      ? ["requests", "tried again", "tokens read", "tokens written", "tokens/s", "US dollars"]
      : []),
  ];
  return tableOf("Stages by kind", head, rows);
}

function paidTexts(paid: Usage | null, seconds: number): string[] {
  if (paid === null) return ["-", "-", "-", "-", "-", "-"];
  const { requests, retries, promptTokens, completionTokens, usd } = paid;
  const rate = tokensPerSecond(paid, seconds);
  return [
    ...[requests, retries, promptTokens, completionTokens].map((one) => one.toLocaleString("en")),
    rate === null ? "-" : rate.toPrecision(3),
    usd === 0 ? "-" : usdText(usd),
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
