import type { CellOutcome, CompareRules } from "../../../src/report/index.js";
import type { Json } from "../../../src/base/json.js";

let number = 0;
const nextId = (): string => (number += 1).toString(16).padStart(16, "0");

/** A finished cell; `more` overrides. */
export const cell = (
  settings: { [path: string]: Json },
  metrics: { [name: string]: number },
  more: Partial<CellOutcome> = {},
): CellOutcome => {
  const id = nextId();
  return { id, name: id, settings, state: "finished", metrics, marks: {}, why: null, ...more };
};

/** Rules of a comparison over all cells by every test; `own` says at least the axes, the baseline and the metrics. */
export const rulesOf = (
  own: Pick<CompareRules, "axes" | "baseline" | "metrics"> & Partial<CompareRules>,
): CompareRules => ({ select: null, claims: null, equivalence: {}, test: "all", ...own });
