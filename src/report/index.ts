export type { Comparison, Entry, MetricTable, Row } from "./model.js";
export type { CompareRequest } from "./comparison.js";
export { compareCells } from "./comparison.js";
export type { ComparedScience } from "./field.js";
export type { CellOutcome, CellState } from "./outcome.js";
export { cellCounts, outcomesOf } from "./outcome.js";
export type { CompareRules } from "./rules.js";
export { findingLines, isWhole } from "./finding.js";
export type { Direction, Selection } from "./select.js";
export { directionOf } from "./select.js";
export { EvidencePrecompute } from "./evidence-precompute.js";
export { comparisonAsCsv } from "./csv.js";
export { comparisonAsLatex } from "./latex.js";
export { comparisonAsMarkdown, comparisonNote } from "./markdown.js";
export { comparisonAsText } from "./text.js";
export {
  differenceTexts,
  entryMarks,
  entryText,
  headText,
  settingsOrAll,
  shownTest,
  titleText,
} from "./labels.js";
export { marksOfComparison, notesOf, notPicked, warningLines } from "./notes.js";
export type { ComparedSweep } from "./sweep.js";
export { compareSweep, compareSweeps, evidenceOf } from "./sweep.js";
export type { TypedTable } from "./results.js";
export { curvesOf, resultsOf } from "./results.js";
export type { Response } from "./response.js";
export { responsesOf } from "./response.js";
export { writeParquet } from "./results-parquet.js";
export { tableAsCsv, tableAsJson } from "./results-text.js";
