import type { Fingerprint } from "../base/fingerprint.js";
import type { PlanEstimate } from "./estimate.js";
import type { Plan } from "./plan.js";
import type { StagePresence } from "./presence.js";

/**
 * Hours until the last stage has ended on some cards, as an estimate: each stage starts as soon as its
 * inputs are there and its cards are free. A stage on several cards takes its share of the hours on
 * each; stages without cards take no time.
 *
 * @param cards at least 1
 */
export function wallHours(
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
  { stages }: PlanEstimate,
  cards: number,
): number {
  const free = new Array<number>(cards).fill(0);
  const ended = new Map<Fingerprint, number>();
  const waiting = new Set(
    [...plan.stages.keys()].filter((fingerprint) => presence.get(fingerprint)?.wouldRun === true),
  );
  const readyAt = (fingerprint: Fingerprint): number | null => {
    let at = 0;
    for (const need of plan.stages.get(fingerprint)!.needs) {
      if (waiting.has(need)) return null;
      at = Math.max(at, ended.get(need) ?? 0);
    }
    return at;
  };
  let last = 0;
  while (waiting.size > 0) {
    let next: { fingerprint: Fingerprint; at: number } | null = null;
    for (const fingerprint of waiting) {
      const at = readyAt(fingerprint);
      if (at !== null && (next === null || at < next.at)) next = { fingerprint, at };
    }
    const { fingerprint, at } = next!;
    const { record, runner, execution } = plan.stages.get(fingerprint)!;
    const hours = stages.get(fingerprint)!.gpuHours;
    const wanted = Math.ceil(runner.resources(record.params, execution).gpus);
    const taken = Math.min(cards, Math.max(1, wanted));
    let end = at;
    if (hours > 0) {
      free.sort((a, b) => a - b);
      end = Math.max(at, free[taken - 1]!) + hours / taken;
      free.fill(end, 0, taken);
    }
    ended.set(fingerprint, end);
    waiting.delete(fingerprint);
    last = Math.max(last, end);
  }
  return last;
}
