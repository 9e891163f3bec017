import type { CellOutcome } from "../report/index.js";
import {
  compareCells,
  comparisonAsCsv,
  comparisonAsMarkdown,
  rulesOfResolved,
} from "../report/index.js";
import { marksOf } from "../journal/lineage.js";
import type { ProjectionOptions } from "./projection.js";

/** The comparison of a sweep that has ended, as files of its run. */
export const summaryOf: NonNullable<ProjectionOptions["summary"]> = (started, projection) => {
  const { stages, results, ends } = projection;
  const cells = started.cells.map((cell): CellOutcome => {
    const result = results.get(cell.stage);
    return {
      id: cell.id,
      settings: cell.settings,
      state: result === undefined ? (ends.get(cell.stage) ?? "waiting") : "finished",
      metrics: result?.metrics ?? {},
      marks: Object.fromEntries(marksOf(stages, results, cell.stage)),
      why: null,
    };
  });
  const comparison = compareCells({
    experiment: started.experiment,
    sweep: started.sweep,
    cells,
    rules: rulesOfResolved(started.resolved, cells),
  });
  return {
    "comparison.json": `${JSON.stringify(comparison, null, 2)}\n`,
    "comparison.csv": comparisonAsCsv(comparison),
    "comparison.md": comparisonAsMarkdown(comparison),
  };
};
