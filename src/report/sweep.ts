import type { JournalDamage, SweepState } from "../journal/index.js";
import type { Experiment } from "../spec/index.js";
import { type Evidence, gatherEvidence } from "../statistics/index.js";
import type { Store } from "../store/index.js";
import type { Comparison, Warning } from "./model.js";
import { compareCells } from "./comparison.js";
import type { ComparedScience } from "./field.js";
import { outcomesOf } from "./outcome.js";
import type { CompareRules } from "./rules.js";
import { rulesOfExperiment, rulesOfResolved } from "./rules.js";

/**
 * The comparison of a sweep from the state its journal folds to. The rules come from the experiment
 * where it is at hand, else from the resolved spec in the journal.
 */
export function compareSweep(
  state: SweepState,
  options: {
    readonly experiment?: Experiment;
    readonly metrics?: readonly string[];
    readonly test?: CompareRules["test"];
    readonly science?: ComparedScience;
    /** From {@link evidenceOf}; left out: differences are judged by seeds alone. */
    readonly evidence?: Evidence;
    /** Lines of the journal that cannot be read: what stood there is not compared. */
    readonly damage?: readonly JournalDamage[];
  } = {},
): Comparison {
  const cells = outcomesOf(state);
  const { experiment, test, damage = [], ...others } = options;
  const rules =
    experiment === undefined
      ? rulesOfResolved(state.resolved, cells)
      : rulesOfExperiment(experiment);
  const comparison = compareCells({
    experiment: state.experiment,
    sweep: state.sweep,
    cells,
    rules: { ...rules, ...(test && { test }) },
    ...others,
  });
  const lost = damage.map(({ line, reason }): Warning => {
    const text = `line ${line} of the sweep's journal cannot be used (${reason}): results may be missing or old here`;
    return { kind: "journal", text };
  });
  return { ...comparison, warnings: [...lost, ...comparison.warnings] };
}

/** Influences of a sweep's finished cells: what {@link compareSweep} judges differences by. */
export function evidenceOf(
  state: SweepState,
  store: Store,
  science: ComparedScience,
): Promise<Evidence> {
  const finished = state.cells.flatMap((cell) => {
    const stage = state.stages.get(cell.stage);
    if (stage === undefined || stage.result === null) return [];
    return [{ cell, record: stage.record, metrics: stage.result.metrics }];
  });
  return gatherEvidence(finished, store, science.statistics);
}
