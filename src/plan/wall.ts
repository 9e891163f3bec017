import type { Fingerprint } from "../base/fingerprint.js";
import type { Plan } from "./plan.js";
import type { StagePresence } from "./presence.js";

/**
 * Hours of cards until the last stage has ended on some cards, as an estimate: each stage starts when its inputs
 * are there and its cards are free, stages with fewer stages below them first. A stage on several cards takes its share of the hours on
 * each; stages without cards take no time.
 *
 * @param cards at least 1
 */
export function wallHours(
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
  stages: ReadonlyMap<Fingerprint, { readonly gpuHours: number }>,
  cards: number,
): number {
  const free = new Array<number>(cards).fill(0);
  const ended = new Map<Fingerprint, number>();
  let last = 0;
  for (const level of levelsOf(plan, presence)) {
    const ready = level.map((fingerprint) => {
      const { needs } = plan.stages.get(fingerprint)!;
      return { fingerprint, at: Math.max(0, ...needs.map((need) => ended.get(need) ?? 0)) };
    });
    for (const { fingerprint, at } of ready.sort((a, b) => a.at - b.at)) {
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
      last = Math.max(last, end);
    }
  }
  return last;
}

/** Stages that would run, by the longest chain of such stages below them: those without any first. */
function levelsOf(
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
): readonly Fingerprint[][] {
  const levels: Fingerprint[][] = [];
  const levelOf = new Map<Fingerprint, number>();
  for (const [fingerprint, { needs }] of plan.stages) {
    if (presence.get(fingerprint)?.wouldRun !== true) continue;
    const level = Math.max(0, ...needs.map((need) => (levelOf.get(need) ?? -1) + 1));
    levelOf.set(fingerprint, level);
    (levels[level] ??= []).push(fingerprint);
  }
  return levels;
}
