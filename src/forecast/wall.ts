import type { Fingerprint } from "../base/fingerprint.js";
import type { Plan, StagePresence } from "../plan/index.js";
import { playThrough, type Task } from "./schedule.js";

/**
 * Hours until the last stage has ended on some cards, as an estimate. A stage on several cards takes its share of
 * the hours on each; stages without cards take no time.
 *
 * @param cards at least 1
 */
export function wallHours(
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
  stages: ReadonlyMap<Fingerprint, { readonly gpuHours: number }>,
  cards: number,
): number {
  const tasks: Task[] = [];
  for (const [id, { record, runner, execution, needs }] of plan.stages) {
    if (presence.get(id)?.wouldRun !== true) continue;
    const { gpuHours } = stages.get(id)!;
    const wanted = Math.max(1, Math.ceil(runner.resources(record.params, execution).gpus));
    const taken = gpuHours === 0 ? 0 : Math.min(cards, wanted);
    const seconds = taken === 0 ? 0 : (3600 * gpuHours) / taken;
    tasks.push({ id, seconds, running: false, cpus: 0, cards: taken, needs });
  }
  return playThrough(tasks, { cpus: 0, cards }) / 3600;
}
