import type { CellRecord } from "../contract/records.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Plan, PlannedStage } from "./plan.js";

/** The plan with only some of its cells and what they need. The sweep stays the same one. */
export function narrowPlan(plan: Plan, keep: (cell: CellRecord) => boolean): Plan {
  const cells = plan.cells.filter(keep);
  const wanted = stagesNeeded(
    plan.stages,
    cells.map((cell) => cell.stage),
  );
  const stages = new Map<Fingerprint, PlannedStage>();
  for (const [fingerprint, stage] of plan.stages) {
    if (wanted.has(fingerprint)) stages.set(fingerprint, stage);
  }
  return { sweep: plan.sweep, cells, stages };
}

/**
 * The stages behind some last ones, those included. Where `stop` says so of a stage (it is cached),
 * what it needs is not followed.
 */
export function stagesNeeded(
  stages: ReadonlyMap<Fingerprint, { readonly needs: readonly Fingerprint[] }>,
  last: Iterable<Fingerprint>,
  stop: (fingerprint: Fingerprint) => boolean = () => false,
): Set<Fingerprint> {
  const needed = new Set<Fingerprint>();
  const open = [...last];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (needed.has(next)) continue;
    needed.add(next);
    if (!stop(next)) open.push(...(stages.get(next)?.needs ?? []));
  }
  return needed;
}
