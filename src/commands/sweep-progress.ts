import type { Fingerprint } from "../base/fingerprint.js";
import type { SweepState } from "../journal/index.js";

/** How far one run of a sweep is: the stages that it set out to run, dealt by what became of them. */
export interface SweepProgress {
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly running: readonly Fingerprint[];
  /** Not begun in this run, or cut off in it. */
  readonly waiting: readonly Fingerprint[];
  /** The sum of these counts. A stage that was found in the store is not counted. */
  readonly all: number;
}

/**
 * The progress of the run that goes on, read from the journal's state. What an earlier run says of a
 * stage does not count: a stage that was done then runs again where its artifact is damaged.
 *
 * @param toRun the stages that this run set out to run
 */
export function progressOf(state: SweepState, toRun: ReadonlySet<Fingerprint>): SweepProgress {
  const running: Fingerprint[] = [];
  const waiting: Fingerprint[] = [];
  const ended = { done: 0, failed: 0, skipped: 0 };
  for (const [fingerprint, stage] of state.stages) {
    if (!toRun.has(fingerprint)) continue;
    const status = stage.run === state.runs ? stage.status : "waiting";
    switch (status) {
      case "running":
        running.push(fingerprint);
        break;
      case "waiting":
      case "interrupted":
        waiting.push(fingerprint);
        break;
      case "done":
        // Not made by this run where it has not started in it: another process made it.
        if ((stage.startedAt ?? 0) >= state.startedAt) ended.done += 1;
        break;
      case "failed":
      case "skipped":
        ended[status] += 1;
        break;
      case "cached":
        break;
    }
  }
  const { done, failed, skipped } = ended;
  const all = done + failed + skipped + running.length + waiting.length;
  return { ...ended, running, waiting, all };
}
