import { comparisonAsCsv, comparisonAsMarkdown, compareSweep } from "../report/index.js";
import type { ProjectionOptions } from "./projection.js";

/** The comparison of a sweep that has ended, as files of its run. */
export const summaryOf: NonNullable<ProjectionOptions["summary"]> = (sweep) => {
  const comparison = compareSweep(sweep);
  return {
    "comparison.json": `${JSON.stringify(comparison, null, 2)}\n`,
    "comparison.csv": comparisonAsCsv(comparison),
    "comparison.md": comparisonAsMarkdown(comparison),
  };
};
