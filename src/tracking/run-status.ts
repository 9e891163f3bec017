import type { StageStatus, SweepState } from "../journal/index.js";

/** The statuses that MLflow's runs have. */
export type RunStatus = "SCHEDULED" | "RUNNING" | "FINISHED" | "FAILED" | "KILLED";

/** True for a run that has not ended: it has no end time. */
export const isOpen = (status: RunStatus): boolean =>
  status === "SCHEDULED" || status === "RUNNING";

const OF_STAGE: { readonly [status in StageStatus]: RunStatus } = {
  // It failed, or its result no longer counts, and it was not reached again yet.
  waiting: "SCHEDULED",
  running: "RUNNING",
  cached: "FINISHED",
  done: "FINISHED",
  failed: "FAILED",
  skipped: "FAILED",
  // It goes on with the next run of the sweep.
  interrupted: "KILLED",
};

/** The status of a run whose stage has this status in the journal's state. */
export const statusOfStage = (status: StageStatus): RunStatus => OF_STAGE[status];

const OF_SWEEP: { readonly [status in SweepState["status"]]: RunStatus } = {
  running: "RUNNING",
  done: "FINISHED",
  failed: "FAILED",
  interrupted: "KILLED",
  killed: "KILLED",
};

/** The status of the run of a sweep that has this status in the journal's state. */
export const statusOfSweep = (status: SweepState["status"]): RunStatus => OF_SWEEP[status];
