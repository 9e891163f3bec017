import type { ReportSubject } from "../page/index.js";
import type { Science } from "../contract/science.js";
import type { SweepState } from "../journal/index.js";
import { readSweep } from "../journal/index.js";
import type { Comparison } from "../report/index.js";
import {
  comparisonAsCsv,
  comparisonAsLatex,
  comparisonAsMarkdown,
  comparisonNote,
  compareSweep,
  evidenceOf,
} from "../report/index.js";
import type { Evidence } from "../statistics/index.js";
import type { Store } from "../store/index.js";
import { figuresOf } from "./figures.js";

/** What the run of a sweep that has ended shows of its results. */
export interface SweepViews {
  /** Files by artifact path. */
  readonly files: { readonly [path: string]: string };
  /** Files that are sent where any file may be: pages and figures. */
  readonly pages: { readonly [path: string]: string | Uint8Array };
  /** The run's description, as Markdown. */
  readonly note: string;
  /** The comparison's figures as metrics. */
  readonly figures: { readonly [name: string]: number };
  /** Metrics that are compared, the first one first. */
  readonly metrics: readonly string[];
}

/** Views of a sweep that has ended, for its run. */
export interface Summary {
  /** Gathers what the views need beside the journal; call it before a sweep's end is told. */
  prepare(): Promise<void>;
  of(sweep: SweepState): SweepViews;
}

/** Makes the pages of a sweep's report, by artifact path. */
export type MakeReport = (subject: ReportSubject) => Promise<SweepViews["pages"]>;

const makeReport: MakeReport = async (subject) => {
  const { reportFiles } = await import("../page/index.js");
  return reportFiles(subject);
};

/**
 * The results of a sweep: its comparison, and its report with the figures, which takes seconds and so is
 * made in `prepare`, of the sweep as its journal stands then.
 *
 * @param folder the journal's
 */
export function sweepSummary(
  science: Science,
  store: Store,
  folder: string,
  reportOf: MakeReport = makeReport,
): Summary {
  let evidence: Evidence = new Map();
  /** The comparison and the report of the sweep as it stood when they were made. */
  let made: {
    readonly seq: number;
    readonly comparison: Comparison;
    readonly files: SweepViews["pages"];
  } | null = null;
  return {
    prepare: async () => {
      const { state } = await readSweep(folder);
      if (state === null) return;
      evidence = await evidenceOf([state], store, science);
      if (state.status === "running" || made?.seq === state.seq) return;
      const comparison = compareSweep(state, { science, evidence });
      const files = await reportOf({ comparison, state, science, store });
      made = { seq: state.seq, comparison, files };
    },
    of: (sweep) => {
      const ready = made?.seq === sweep.seq ? made : null;
      const comparison = ready?.comparison ?? compareSweep(sweep, { science, evidence });
      return {
        files: {
          "comparison.json": `${JSON.stringify(comparison, null, 2)}\n`,
          "comparison.csv": comparisonAsCsv(comparison),
          "comparison.md": comparisonAsMarkdown(comparison),
        },
        pages: {
          "comparison.tex": comparisonAsLatex(comparison),
          // A report of another moment than the one that is told would contradict the rest.
          ...ready?.files,
        },
        note: comparisonNote(comparison),
        figures: figuresOf(comparison),
        metrics: comparison.metrics.map(({ metric }) => metric),
      };
    },
  };
}
