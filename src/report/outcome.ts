import type { CellRecord } from "../contract/records.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Json } from "../base/json.js";
import type { SweepState } from "../journal/index.js";
import type { StageResult } from "../contract/runner.js";
import { marksOf } from "../journal/lineage.js";

/** How far a cell has come. */
export type CellState = "finished" | "failed" | "skipped" | "interrupted" | "running" | "waiting";

/** A cell with its results, as comparisons and reports see it. */
export interface CellOutcome {
  readonly id: string;
  /** Flat map from dotted path to resolved value. */
  readonly settings: { readonly [path: string]: Json };
  readonly state: CellState;
  /** Empty unless finished. */
  readonly metrics: { readonly [name: string]: number };
  /** Marks of the cell's stage and of all it stands on (`leak: ...`). */
  readonly marks: { readonly [name: string]: string };
  /** Why it is not finished, where that is known. */
  readonly why: string | null;
}

/** The cells of a sweep as its journal tells them. */
export function outcomesOf(sweep: SweepState): CellOutcome[] {
  const records = new Map([...sweep.stages].map(([id, { record }]) => [id, record]));
  const results = new Map<Fingerprint, StageResult>();
  for (const [id, { result }] of sweep.stages) if (result !== null) results.set(id, result);
  return sweep.cells.map((cell: CellRecord) => {
    const stage = sweep.stages.get(cell.stage);
    const status = stage?.status ?? "waiting";
    const finished = status === "done" || status === "cached";
    const because = stage?.because ?? null;
    return {
      id: cell.id,
      settings: cell.settings,
      state: finished ? "finished" : status,
      metrics: finished ? (stage?.result?.metrics ?? {}) : {},
      marks: Object.fromEntries(marksOf(records, results, cell.stage)),
      why:
        stage?.error?.message ??
        (because === null ? null : `${records.get(because)?.label ?? because} failed`),
    };
  });
}
