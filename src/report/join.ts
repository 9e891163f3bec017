import { canonicalJson } from "../base/json.js";
import type { CellId, SweepId } from "../base/fingerprint.js";
import { axesOf, isOf } from "../cells/index.js";
import type { CellRecord } from "../contract/records.js";
import type { StageState, SweepState } from "../journal/index.js";
import type { CompareRules } from "./rules.js";

/** Several sweeps as one. */
export interface JoinedSweeps {
  /** The cells and stages of all, under the head of the first. */
  readonly state: SweepState;
  /** Axes of all sweeps, and settings in which the sweeps differ. */
  readonly axes: readonly string[];
  /** What a reader has to know, a sentence each. */
  readonly remarks: readonly string[];
}

/**
 * Puts sweeps together, those of other days and other specs too. A cell that several sweeps have is
 * one cell: the first sweep that finished it gives its result.
 */
export function joinSweeps(states: readonly [SweepState, ...SweepState[]]): JoinedSweeps {
  const [first] = states;
  const stages = new Map<CellRecord["stage"], StageState>();
  for (const state of states) {
    for (const [fingerprint, stage] of state.stages) {
      const known = stages.get(fingerprint);
      if (known === undefined || (known.result === null && stage.result !== null)) {
        stages.set(fingerprint, stage);
      }
    }
  }
  const cells = new Map<CellId, CellRecord>();
  const unlike: CellId[] = [];
  const resultOf = (cell: CellRecord): StageState["result"] =>
    stages.get(cell.stage)?.result ?? null;
  for (const cell of states.flatMap((state) => state.cells)) {
    const known = cells.get(cell.id);
    const [before, now] = [known === undefined ? null : resultOf(known), resultOf(cell)];
    if (known === undefined || (before === null && now !== null)) cells.set(cell.id, cell);
    else if (
      now !== null &&
      canonicalJson({ ...before!.metrics }) !== canonicalJson({ ...now.metrics })
    ) {
      unlike.push(cell.id);
    }
  }
  const state: SweepState = {
    ...first,
    experiment: [...new Set(states.map(({ experiment }) => experiment))].join(" + "),
    sweep: states.map(({ sweep }) => sweep).join("+") as SweepId,
    cells: [...cells.values()],
    stages,
  };
  const shown = unlike.slice(0, 3).join(", ") + (unlike.length > 3 ? ", …" : "");
  return {
    state,
    axes: joinedAxes(states),
    remarks:
      unlike.length === 0
        ? []
        : [
            `${unlike.length} ${unlike.length === 1 ? "cell" : "cells"} of several sweeps (${shown}) came out differently, as other versions of the program or other inputs made them: the sweep named first counts`,
          ],
  };
}

/** Axes of all sweeps, then each setting that all cells which have it agree on within a sweep, and not between sweeps. */
function joinedAxes(states: readonly SweepState[]): string[] {
  const axes = new Set(states.flatMap(({ resolved }) => axesOf(resolved)));
  const values = new Map<string, string[]>();
  for (const { cells } of states) {
    const here = new Map<string, Set<string>>();
    for (const { settings } of cells) {
      for (const [path, value] of Object.entries(settings)) {
        const known = here.get(path) ?? new Set();
        here.set(path, known.add(canonicalJson(value)));
      }
    }
    for (const [path, all] of here) {
      values.set(path, [...(values.get(path) ?? []), [...all].sort().join("\n")]);
    }
  }
  const between = [...values].flatMap(([path, all]) =>
    new Set(all).size > 1 && ![...axes].some((axis) => isOf(path, axis)) ? [path] : [],
  );
  return [...axes, ...between];
}

/** The rules of the first sweep that names a baseline, over the axes of all; those of one sweep as they are. */
export function joinRules(all: readonly CompareRules[], axes: readonly string[]): CompareRules {
  if (all.length === 1) return all[0]!;
  const leading = all.find(({ baseline }) => baseline !== null) ?? all[0]!;
  const equivalence = Object.assign(
    {},
    ...all.map((one) => one.equivalence).reverse(),
  ) as CompareRules["equivalence"];
  return { ...leading, axes, equivalence };
}
