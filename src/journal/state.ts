import type {
  JournalEntry,
  StageEvent,
  StageJob,
  StagePrior,
  SweepProgressed,
  SweepStarted,
} from "./events.js";
import type { MetricPoint, UnreadPoint } from "./curve.js";
import { addPoint, addUnread } from "./curve.js";
import type { SweepLive } from "./live.js";
import type { Usage } from "../contract/usage.js";
import { usageOf } from "../contract/usage.js";
import { forgotten } from "./events.js";
import type { CellRecord, Composition, StageRecord } from "../contract/records.js";
import type { CellId, Fingerprint, SweepId } from "../base/fingerprint.js";
import type { JsonObject } from "../base/json.js";
import type { KeptResult, StageError } from "../contract/runner.js";

/**
 * What became of a stage: `waiting` (not begun), `running`, `cached` (found in the store), `done`
 * (made by this sweep), `failed`, `interrupted` (goes on in the next run), `skipped` (a stage it
 * needs failed).
 */
export type StageStatus =
  "waiting" | "running" | "cached" | "done" | "failed" | "interrupted" | "skipped";

/** A remark of a stage. */
export interface StageNote {
  readonly severity: "warning" | "info";
  readonly message: string;
}

/** A try of a stage that failed, after which the stage was tried again. */
export interface StageRetry {
  /** When it failed, milliseconds since 1970. */
  readonly time: number;
  readonly error: StageError;
  /** What the next try did differently, for people; null: nothing. */
  readonly changed: string | null;
  /** See the event: what later runs of the sweep keep to. */
  readonly tightened?: number;
  readonly groupLimit?: number;
  readonly cardPart?: number;
  readonly jobMemory?: number;
}

/** All the journal knows of one stage. */
export interface StageState {
  record: StageRecord;
  status: StageStatus;
  /** The run of the sweep, from 1, that an event last came from; null before the first event. */
  run: number | null;
  /** Starts so far, over all runs of the sweep. */
  attempts: number;
  /** Where it runs, or last ran; null: on the machine of the sweep's process. */
  job: StageJob | null;
  worker: number | null;
  gpus: readonly number[];
  fusedWith: number;
  /** What it was reckoned to take when it last began; null: nothing is known. */
  prior: StagePrior | null;
  /** Start of the last attempt and end of the stage, milliseconds since 1970. */
  startedAt: number | null;
  endedAt: number | null;
  /** Seconds of all attempts until it ended; 0 where it was cached. */
  seconds: number;
  /** Set once the stage is `done` or `cached`. */
  result: KeptResult | null;
  /** Set while the stage is `failed`. */
  error: StageError | null;
  /** The failed stage that made this one `skipped`. */
  because: Fingerprint | null;
  /** Curves in order of step; where an attempt repeats a step, its value replaces the earlier one. */
  metrics: MetricPoint[];
  facts: { [name: string]: string | number };
  notes: StageNote[];
  /** What it paid: by its result, or as it last said; null: nothing. */
  usage: Usage | null;
  /** Tries that failed and were made again, in order. */
  retries: StageRetry[];
}

/**
 * The state of a sweep, folded from its journal. `killed`: the journal ends without a
 * `sweep-finished` and the process that wrote it is gone (the fold alone says `running`).
 */
export interface SweepState {
  sweep: SweepId;
  experiment: string;
  specFile: string;
  specText: string;
  /** What the spec was put together from beside its file; null: from nothing. */
  composition: Composition | null;
  resolved: JsonObject;
  codeVersion: string;
  gitCommit: string | null;
  process: number;
  host: string;
  /** The cells that the last run was to make; null: all. */
  only: readonly CellId[] | null;
  status: "running" | "done" | "failed" | "interrupted" | "killed";
  /** Runs of this sweep so far. */
  runs: number;
  /** Start of the first and of the last run, end of the last, milliseconds since 1970. */
  firstStartedAt: number;
  startedAt: number;
  endedAt: number | null;
  cells: readonly CellRecord[];
  /** In the plan's order: a stage stands after all it needs. */
  stages: Map<Fingerprint, StageState>;
  /** Where the running stages were when they last said so, and when that was; null: nothing said. */
  live: (SweepLive & { readonly time: number }) | null;
  /** Of the last entry. */
  seq: number;
  time: number;
}

const waiting = (record: StageRecord): StageState => ({
  record,
  status: "waiting",
  run: null,
  attempts: 0,
  job: null,
  worker: null,
  gpus: [],
  fusedWith: 1,
  prior: null,
  startedAt: null,
  endedAt: null,
  seconds: 0,
  result: null,
  error: null,
  because: null,
  metrics: [],
  facts: {},
  notes: [],
  usage: null,
  retries: [],
});

/** A new run: what is finished stays so, all else is to do again. */
function begin(previous: SweepState | null, event: SweepStarted, entry: JournalEntry): SweepState {
  const stages = new Map<Fingerprint, StageState>();
  for (const record of event.stages) {
    const known = previous?.stages.get(record.fingerprint);
    if (known === undefined) {
      stages.set(record.fingerprint, waiting(record));
      continue;
    }
    known.record = record;
    if (known.status === "running") known.status = "interrupted";
    if (known.status === "failed" || known.status === "skipped") {
      known.status = "waiting";
      known.error = null;
      known.because = null;
    }
    stages.set(record.fingerprint, known);
  }
  return {
    sweep: event.sweep,
    experiment: event.experiment,
    specFile: event.specFile,
    specText: event.specText,
    composition: event.composition ?? null,
    resolved: event.resolved,
    codeVersion: event.codeVersion,
    gitCommit: event.gitCommit,
    process: event.process,
    host: event.host,
    only: event.only ?? null,
    status: "running",
    runs: (previous?.runs ?? 0) + 1,
    firstStartedAt: previous?.firstStartedAt ?? entry.time,
    startedAt: entry.time,
    endedAt: null,
    cells: event.cells,
    stages,
    live: null,
    seq: entry.seq,
    time: entry.time,
  };
}

/**
 * Applies one entry. The state given is changed in place and returned (a sweep of 100,000 cells has
 * a million entries); null before the first `sweep-started`. Entries that name a stage the sweep
 * does not have are ignored.
 */
export function applyEntry(state: SweepState | null, entry: JournalEntry): SweepState | null {
  const event = entry.event;
  if (event.type === "sweep-started") return begin(state, event, entry);
  if (state === null) return null;
  state.seq = entry.seq;
  state.time = entry.time;
  if (event.type === "sweep-finished") {
    state.status = event.outcome;
    state.endedAt = entry.time;
    state.live = null;
    // A stage that still runs when its sweep ends was cut off: it goes on in the next run.
    for (const stage of state.stages.values()) {
      if (stage.status === "running") endStage(stage, "interrupted", entry.time);
    }
    return state;
  }
  if (event.type === "sweep-progress") {
    tellProgress(state, event, entry.time);
    return state;
  }
  const stage = state.stages.get(event.stage);
  if (stage !== undefined) {
    stage.run = state.runs;
    applyToStage(stage, event, entry.time);
  }
  return state;
}

/** Applies a `stage-metrics` entry whose values wait to be read until somebody asks for the stage's curves. */
export function applyUnread(state: SweepState | null, bytes: Buffer, point: UnreadPoint): void {
  if (state === null) return;
  state.seq = point.seq;
  state.time = point.time;
  const stage = state.stages.get(point.stage);
  if (stage === undefined) return;
  stage.run = state.runs;
  addUnread(stage, bytes, point);
}

function tellProgress(state: SweepState, { left, stages }: SweepProgressed, time: number): void {
  state.live = { left, stages, time };
  for (const [fingerprint, { usage }] of Object.entries(stages)) {
    const stage = state.stages.get(fingerprint as Fingerprint);
    if (usage !== undefined && stage?.status === "running") stage.usage = usage;
  }
}

function applyToStage(stage: StageState, event: StageEvent, time: number): void {
  switch (event.type) {
    case "stage-cached":
      // A stage that this sweep made stays `done` when a later run finds it again.
      if (stage.status !== "done") {
        stage.status = "cached";
        stage.endedAt = time;
        stage.seconds = 0;
      }
      stage.result = event.result;
      stage.usage = usageOf(event.result.metrics);
      stage.error = null;
      return;
    case "stage-started":
      stage.status = "running";
      stage.attempts += 1;
      stage.job = event.job ?? null;
      stage.worker = event.worker;
      stage.gpus = event.gpus;
      stage.fusedWith = event.fusedWith;
      stage.prior = event.prior ?? null;
      stage.startedAt = time;
      stage.endedAt = null;
      stage.result = null;
      stage.error = null;
      stage.because = null;
      return;
    case "stage-metrics":
      addPoint(stage.metrics, { step: event.step, time, values: event.values });
      return;
    case "stage-facts":
      Object.assign(stage.facts, event.values);
      return;
    case "stage-note":
      stage.notes.push({ severity: event.severity, message: event.message });
      return;
    case "stage-retried": {
      stage.status = "waiting";
      stage.result = null;
      const { error, changed, tightened, groupLimit, cardPart, jobMemory } = event;
      stage.retries.push({
        ...{ time, error, changed },
        ...(tightened !== undefined && { tightened }),
        ...(groupLimit !== undefined && { groupLimit }),
        ...(cardPart !== undefined && { cardPart }),
        ...(jobMemory !== undefined && { jobMemory }),
      });
      return;
    }
    case "stage-finished":
      stage.status = "done";
      stage.endedAt = time;
      stage.seconds = event.seconds;
      stage.result = event.result;
      stage.usage = usageOf(event.result.metrics);
      stage.error = null;
      return;
    case "stage-failed":
      endStage(stage, "failed", time);
      stage.seconds = event.seconds;
      stage.error = event.error;
      return;
    case "stage-interrupted":
      endStage(stage, "interrupted", time);
      return;
    case "stage-skipped":
      endStage(stage, "skipped", time);
      stage.because = event.because;
      return;
    default:
      return forgotten(event);
  }
}

/** A stage that ended without a result has none, whatever an earlier attempt came to. */
function endStage(
  stage: StageState,
  status: "failed" | "interrupted" | "skipped",
  time: number,
): void {
  stage.status = status;
  stage.endedAt = time;
  stage.result = null;
}

/** Folds entries into the state of the sweep; null where there is no `sweep-started` among them. */
export function foldJournal(entries: Iterable<JournalEntry>): SweepState | null {
  let state: SweepState | null = null;
  for (const entry of entries) state = applyEntry(state, entry);
  return state;
}
