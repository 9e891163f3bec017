import type { CellRecord, StageRecord } from "../contract/records.js";
import type { Json } from "../base/json.js";
import { axesOf, namesOf } from "../cells/index.js";
import type { StageStatus, SweepState } from "../journal/index.js";
import { marksOf } from "../journal/lineage.js";

/** The state of a cell. */
export type CellState = "finished" | "failed" | "skipped" | "interrupted" | "running" | "waiting";

/** A cell with its results, as comparisons and reports see it. */
export interface CellOutcome {
  readonly id: string;
  /** The cell's name, as every view calls it. */
  readonly name: string;
  /** Flat map from dotted path to resolved value. */
  readonly settings: { readonly [path: string]: Json };
  readonly state: CellState;
  /** Empty unless finished. */
  readonly metrics: { readonly [name: string]: number };
  /** Marks of the cell's stage and of all it stands on (`leak: ...`). */
  readonly marks: { readonly [name: string]: string };
  /** Why it is not finished, where that is known. */
  readonly why: string | null;
  /** Its last stage, where that is known. */
  readonly record?: StageRecord | undefined;
}

/** The state of a cell, which follows from the status of its last stage. */
const cellStateOf = (status: StageStatus): CellState =>
  status === "done" || status === "cached" ? "finished" : status;

/**
 * The cells of a sweep as its journal tells them.
 *
 * @param axes paths that the sweep varies; left out: those of its spec
 */
export function outcomesOf(
  sweep: SweepState,
  axes: readonly string[] = axesOf(sweep.resolved),
): CellOutcome[] {
  const names = namesOf(sweep, axes);
  return sweep.cells.map((cell: CellRecord) => {
    const stage = sweep.stages.get(cell.stage);
    const state = cellStateOf(stage?.status ?? "waiting");
    const because = stage?.because ?? null;
    return {
      id: cell.id,
      name: names.cell(cell.id),
      settings: cell.settings,
      state,
      metrics: state === "finished" ? (stage?.result?.metrics ?? {}) : {},
      marks: Object.fromEntries(marksOf(sweep.stages, cell.stage)),
      why: stage?.error?.message ?? (because === null ? null : `${names.stage(because)} failed`),
      record: stage?.record,
    };
  });
}

/** How many cells of a sweep are in each state. */
export function cellCounts(sweep: SweepState): { readonly [state in CellState]: number } {
  const counts = { finished: 0, failed: 0, skipped: 0, interrupted: 0, running: 0, waiting: 0 };
  for (const { stage } of sweep.cells) {
    counts[cellStateOf(sweep.stages.get(stage)?.status ?? "waiting")] += 1;
  }
  return counts;
}
