import type { JournalDamage, SweepState } from "../journal/index.js";
import type { Experiment } from "../spec/index.js";
import { type Evidence, gatherEvidence } from "../statistics/index.js";
import type { Store } from "../store/index.js";
import type { Comparison, Warning } from "./model.js";
import { compareCells } from "./comparison.js";
import type { ComparedScience } from "./field.js";
import { joinRules, joinSweeps } from "./join.js";
import { outcomesOf } from "./outcome.js";
import type { CompareRules } from "./rules.js";
import { rulesOfExperiment, rulesOfResolved } from "./rules.js";

export interface CompareOptions {
  readonly metrics?: readonly string[];
  readonly test?: CompareRules["test"];
  readonly science?: ComparedScience;
  /** From {@link evidenceOf}; left out: differences are judged by seeds alone. */
  readonly evidence?: Evidence;
}

/** A sweep to compare. */
export interface ComparedSweep {
  readonly state: SweepState;
  /** Where it is at hand; the rules then come from it, else from the resolved spec in the journal. */
  readonly experiment?: Experiment | undefined;
  /** Lines of its journal that cannot be read: what stood there is not compared. */
  readonly damage?: readonly JournalDamage[];
}

/** The comparison of a sweep from the state that its journal folds to. */
export const compareSweep = (
  state: SweepState,
  { experiment, damage = [], ...options }: CompareOptions & Omit<ComparedSweep, "state"> = {},
): Comparison => compareSweeps([{ state, experiment, damage }], options);

/**
 * The comparison of several sweeps in one table: their cells together, by the rules of the first sweep
 * that names a baseline. Warnings say where cells are not comparable.
 */
export function compareSweeps(
  sweeps: readonly [ComparedSweep, ...ComparedSweep[]],
  { test, ...options }: CompareOptions = {},
): Comparison {
  const joined = joinSweeps([sweeps[0].state, ...sweeps.slice(1).map(({ state }) => state)]);
  const { state, axes, remarks } = joined;
  const rules = joinRules(sweeps.map(rulesOf), axes);
  const comparison = compareCells({
    experiment: state.experiment,
    sweep: state.sweep,
    cells: sweeps.length === 1 ? outcomesOf(state) : outcomesOf(state, axes),
    rules: { ...rules, ...(test && { test }) },
    stageOf: (fingerprint) => state.stages.get(fingerprint)?.record,
    ...options,
  });
  const lost = sweeps.flatMap(({ state: { sweep }, damage = [] }) => {
    const which = sweeps.length === 1 ? "the sweep's journal" : `the journal of sweep ${sweep}`;
    return damage.map(({ line, reason }): Warning => {
      const text = `line ${line} of ${which} cannot be used (${reason}): results may be missing or old here`;
      return { kind: "journal", text };
    });
  });
  const said = remarks.map((text): Warning => ({ kind: "sweeps", text }));
  return { ...comparison, warnings: [...lost, ...said, ...comparison.warnings] };
}

const rulesOf = ({ state, experiment }: ComparedSweep): CompareRules =>
  experiment === undefined
    ? rulesOfResolved(state.resolved, outcomesOf(state))
    : rulesOfExperiment(experiment);

/** Influences of the finished cells of sweeps: what {@link compareSweeps} judges differences by. */
export function evidenceOf(
  states: readonly SweepState[],
  store: Store,
  science: ComparedScience,
): Promise<Evidence> {
  const [first, ...others] = states;
  if (first === undefined) return Promise.resolve(new Map());
  const { state } = joinSweeps([first, ...others]);
  const finished = state.cells.flatMap((cell) => {
    const stage = state.stages.get(cell.stage);
    if (stage === undefined || stage.result === null) return [];
    return [{ cell, record: stage.record, metrics: stage.result.metrics }];
  });
  return gatherEvidence(finished, store, science.statistics);
}
