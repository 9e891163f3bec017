import type { SweepState } from "../journal/index.js";
import type { Experiment } from "../spec/index.js";
import type { Comparison } from "./comparison.js";
import { compareCells } from "./comparison.js";
import { outcomesOf } from "./outcome.js";
import { rulesOfExperiment, rulesOfResolved } from "./rules.js";

/**
 * The comparison of a sweep from the state its journal folds to. The rules come from the experiment
 * where it is at hand, else from the resolved spec in the journal.
 */
export function compareSweep(
  state: SweepState,
  options: { readonly experiment?: Experiment; readonly metrics?: readonly string[] } = {},
): Comparison {
  const cells = outcomesOf(state);
  const { experiment, metrics } = options;
  return compareCells({
    experiment: state.experiment,
    sweep: state.sweep,
    cells,
    rules:
      experiment === undefined
        ? rulesOfResolved(state.resolved, cells)
        : rulesOfExperiment(experiment),
    ...(metrics === undefined ? {} : { metrics }),
  });
}
