export { callOf } from "./call.js";
export type { MetricPoint } from "./curve.js";
export type { StageJob } from "./events.js";
export type { StageNote, StageState, StageStatus, SweepState } from "./state.js";
export { applyEntry, foldJournal } from "./state.js";
export type { Journal, JournalDamage, KnownSweep } from "./read.js";
export {
  listSweeps,
  readJournal,
  readSpecPlace,
  readSweep,
  sweepFolder,
  writeSpecPlace,
} from "./read.js";
export type { EventSink } from "./write.js";
export { JournalWriter } from "./write.js";
export { closeAbandoned, closeRun, markClosed, markOpen, sweepLockFile } from "./abandoned.js";
export type { StageLive, SweepLive, TimeLeft } from "./live.js";
export { JournalTail } from "./tail.js";
export { paidBy } from "./paid.js";
