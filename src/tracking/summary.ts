import type { Science } from "../contract/science.js";
import { readSweep } from "../journal/index.js";
import {
  comparisonAsCsv,
  comparisonAsMarkdown,
  compareSweep,
  evidenceOf,
} from "../report/index.js";
import type { Evidence } from "../statistics/index.js";
import type { Store } from "../store/index.js";
import type { ProjectionOptions } from "./projection.js";

/** Views of a sweep that has ended, as files of its run. */
export interface Summary {
  /** Gathers what the views need beside the journal; call it before a sweep's end is told. */
  prepare(): Promise<void>;
  readonly of: NonNullable<ProjectionOptions["summary"]>;
}

/** The comparison of a sweep, as files of its run. `folder` is the journal's. */
export function comparisonSummary(science: Science, store: Store, folder: string): Summary {
  let evidence: Evidence = new Map();
  return {
    prepare: async () => {
      const { state } = await readSweep(folder);
      if (state !== null) evidence = await evidenceOf([state], store, science);
    },
    of: (sweep) => {
      const comparison = compareSweep(sweep, { science, evidence });
      return {
        "comparison.json": `${JSON.stringify(comparison, null, 2)}\n`,
        "comparison.csv": comparisonAsCsv(comparison),
        "comparison.md": comparisonAsMarkdown(comparison),
      };
    },
  };
}
