import type { CellId, Fingerprint } from "../base/fingerprint.js";
import type { SweepOrigin, SweepPlan } from "../contract/engine.js";
import type { CellRecord, Names } from "../contract/records.js";
import type { SweepState } from "../journal/index.js";

type PlannedStage = SweepPlan["stages"] extends ReadonlyMap<unknown, infer Stage> ? Stage : never;

/**
 * What a sweep ran for some of its cells, as its journal has it: the cells and all stages behind them.
 *
 * @param cells cells of the sweep; left out: all
 */
export function planOfSweep(
  state: SweepState,
  names: Names,
  cells: readonly CellRecord[] = state.cells,
): SweepPlan {
  const lasts = new Map<Fingerprint, CellId[]>();
  for (const { id, stage } of cells) lasts.set(stage, [...(lasts.get(stage) ?? []), id]);
  const needed = new Set<Fingerprint>(lasts.keys());
  // In the journal a stage stands after all that it needs.
  const all = [...state.stages.values()].map(({ record }) => record).reverse();
  for (const record of all) {
    if (needed.has(record.fingerprint))
      for (const input of Object.values(record.inputs)) needed.add(input);
  }
  const stages = new Map<Fingerprint, PlannedStage>();
  for (const record of all.reverse()) {
    const { fingerprint } = record;
    if (!needed.has(fingerprint)) continue;
    const needs = [...new Set(Object.values(record.inputs))];
    stages.set(fingerprint, { record, needs, cells: lasts.get(fingerprint) ?? [] });
  }
  return { cells, names, stages, origin: originOf(state) };
}

/** Where the results of a sweep come from, as its journal tells it. */
export const originOf = (state: SweepState): SweepOrigin => ({
  ...{ sweep: state.sweep, experiment: state.experiment, specFile: state.specFile },
  ...{ codeVersion: state.codeVersion, gitCommit: state.gitCommit, host: state.host },
  started: new Date(state.startedAt).toISOString(),
  facts: new Map([...state.stages].map(([fingerprint, { facts }]) => [fingerprint, facts])),
});
