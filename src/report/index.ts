export type { Comparison, Entry, MetricTable, Row } from "./model.js";
export type { CompareRequest } from "./comparison.js";
export { compareCells } from "./comparison.js";
export type { ComparedScience } from "./field.js";
export type { CellOutcome, CellState } from "./outcome.js";
export { cellCounts } from "./outcome.js";
export type { CompareRules } from "./rules.js";
export type { Direction, Selection } from "./select.js";
export { comparisonAsCsv } from "./csv.js";
export { comparisonAsLatex } from "./latex.js";
export { comparisonAsMarkdown } from "./markdown.js";
export { comparisonAsText } from "./text.js";
export {
  differenceTexts,
  entryMarks,
  entryText,
  headText,
  settingsOrAll,
  titleText,
} from "./labels.js";
export { claimLines, marksOfComparison, notesOf, notPicked, warningLines } from "./notes.js";
export type { ComparedSweep } from "./sweep.js";
export { compareSweep, compareSweeps, evidenceOf } from "./sweep.js";
export type { TypedTable } from "./results.js";
export { curvesOf, resultsOf } from "./results.js";
export { writeParquet } from "./results-parquet.js";
export { tableAsCsv, tableAsJson } from "./results-text.js";
