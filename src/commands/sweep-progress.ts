import type { Fingerprint } from "../base/fingerprint.js";
import type { StageRecord } from "../contract/records.js";
import type { SweepState } from "../journal/index.js";

/** Counts of stages by what became of them in a run of a sweep. */
export interface StageCounts {
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly running: number;
  /** Not begun in this run, or cut off in it. */
  readonly waiting: number;
  /** Found in the store. */
  readonly cached: number;
}

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
  /** The same by kind of stage, in the plan's order, with what was found in the store. */
  readonly kinds: ReadonlyMap<string, StageCounts>;
  /** Cells by what became of their last stage; those that this run was not to make are not counted. */
  readonly cells: StageCounts;
}

type Counted = { -readonly [count in keyof StageCounts]: number };

const none = (): Counted => ({
  ...{ done: 0, failed: 0, skipped: 0, running: 0, waiting: 0, cached: 0 },
});

/**
 * The progress of the run that goes on, read from the journal's state. What an earlier run says of a
 * stage does not count: a stage that was done then runs again where its artifact is damaged.
 *
 * @param toRun the stages that this run set out to run
 */
export function progressOf(state: SweepState, toRun: ReadonlySet<Fingerprint>): SweepProgress {
  const running: Fingerprint[] = [];
  const waiting: Fingerprint[] = [];
  const kinds = new Map<string, Counted>();
  const all = none();
  const cells = none();
  const became = new Map<Fingerprint, keyof StageCounts>();
  const count = ({ runner, fingerprint }: StageRecord, what: keyof StageCounts): void => {
    all[what] += 1;
    became.set(fingerprint, what);
    const kind = kinds.get(runner) ?? none();
    // A kind stands after the kinds that its stages need: where its last stage stands.
    kinds.delete(runner);
    kind[what] += 1;
    kinds.set(runner, kind);
  };
  for (const [fingerprint, stage] of state.stages) {
    if (!toRun.has(fingerprint)) {
      if (stage.status === "cached" || stage.status === "done") count(stage.record, "cached");
      continue;
    }
    const status = stage.run === state.runs ? stage.status : "waiting";
    if (status === "done") {
      // Not made by this run where it has not started in it: another process made it.
      count(stage.record, (stage.startedAt ?? 0) >= state.startedAt ? "done" : "cached");
    } else count(stage.record, status === "interrupted" ? "waiting" : status);
    if (status === "running") running.push(fingerprint);
    if (status === "waiting" || status === "interrupted") waiting.push(fingerprint);
  }
  const chosen = state.only === null ? null : new Set(state.only);
  for (const { id, stage } of state.cells) {
    const what = became.get(stage);
    if (what !== undefined && chosen?.has(id) !== false) cells[what] += 1;
  }
  const { done, failed, skipped } = all;
  const sum = done + failed + skipped + running.length + waiting.length;
  return { done, failed, skipped, running, waiting, all: sum, kinds, cells };
}

/**
 * The stages that the last run of a sweep set out to run, as far as the journal knows: those behind the
 * cells that it was to make which are not there already, and all that it did start.
 */
export function stagesToRun(state: SweepState): ReadonlySet<Fingerprint> {
  const toRun = new Set<Fingerprint>();
  const chosen = state.only === null ? null : new Set(state.only);
  const open: Fingerprint[] = [];
  for (const { id, stage } of state.cells) if (chosen?.has(id) !== false) open.push(stage);
  const seen = new Set<Fingerprint>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const stage = state.stages.get(next);
    if (seen.has(next) || stage === undefined) continue;
    seen.add(next);
    const before = stage.run !== state.runs || (stage.startedAt ?? 0) < state.startedAt;
    if (stage.result !== null && before) continue;
    toRun.add(next);
    open.push(...Object.values(stage.record.inputs));
  }
  for (const [fingerprint, stage] of state.stages) {
    if (stage.run === state.runs && (stage.startedAt ?? 0) >= state.startedAt)
      toRun.add(fingerprint);
  }
  return toRun;
}
