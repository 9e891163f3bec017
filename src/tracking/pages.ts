import type { SweepId } from "../base/fingerprint.js";
import { paidViewName, viewName } from "./shared-view.js";

/*
 * Addresses of MLflow's pages, behind the address of its server. MLflow opens an experiment as one of
 * traces unless its address says which kind it is.
 */

const KIND = "workflowType=machine_learning";

/** The page of a run. */
export const runPage = (experiment: string, run: string): string =>
  `#/experiments/${experiment}/runs/${run}?${KIND}`;

/** The table of all runs of an experiment. */
export const runsPage = (experiment: string): string => `#/experiments/${experiment}/runs?${KIND}`;

/** The table of a sweep's cells, the best first. */
export const cellsPage = (experiment: string, sweep: SweepId): string =>
  `${runsPage(experiment)}&viewStateShareKey=${viewName(sweep)}`;

/** The charts of a sweep's cells. */
export const chartsPage = (experiment: string, sweep: SweepId): string =>
  `${cellsPage(experiment, sweep)}&compareRunsMode=CHART`;

/** A sentence that leads to the stages of a sweep that paid, as Markdown. */
export const paidLink = (experiment: string, sweep: SweepId): string =>
  `What was paid stands beside [the stages that paid](${runsPage(experiment)}&viewStateShareKey=${paidViewName(sweep)}).`;

/** A sentence that leads to the cells of a sweep and their charts, as Markdown. */
export const cellsLink = (experiment: string, sweep: SweepId): string =>
  `See [the cells, the best first](${cellsPage(experiment, sweep)}), and [their charts](${chartsPage(experiment, sweep)}).`;
