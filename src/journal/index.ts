export type { MetricPoint, StageNote, StageState, StageStatus, SweepState } from "./state.js";
export { applyEntry, foldJournal } from "./state.js";
export type { Journal, JournalDamage, KnownSweep } from "./read.js";
export { readJournal, readSweep, visitJournal, listSweeps, sweepFolder } from "./read.js";
export type { EventSink } from "./write.js";
export { JournalWriter } from "./write.js";
export { closeAbandoned, closeRun, markClosed, markOpen, sweepLockFile } from "./abandoned.js";
