import type { CellRecord } from "../contract/records.js";
import type { StageResult } from "../contract/runner.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { canonicalJson } from "../base/json.js";
import { redact } from "../base/redact.js";
import { namesOf } from "../cells/index.js";
import type { JournalEntry, StageEvent, SweepFinished, SweepStarted } from "../journal/events.js";
import { forgotten } from "../journal/events.js";
import type { SweepState } from "../journal/index.js";
import { applyEntry } from "../journal/index.js";
import { lineageOf, marksOf, upstreamOf } from "../journal/lineage.js";
import { cellCounts } from "../report/index.js";
import { flatSettings } from "../spec/index.js";
import type { RunStatus } from "./client.js";
import { datasetsOf } from "./datasets.js";
import { cellTags, stageTags, sweepTags } from "./identity.js";
import type { RunKey, RunUpdate } from "./update.js";
import { identityOf, TAG } from "./update.js";
import { LIMITS } from "./values.js";

/** Bytes of a shared stage's files that are stored with its run; a cell's own go without limit. */
const SHARED_LIMIT = 64 * 2 ** 20;

export interface ProjectionOptions {
  /** Folder of a stage's artifact. */
  readonly artifactFolder: (fingerprint: Fingerprint) => string;
  /** Views of the whole sweep to store with its run when it ends, by artifact path; the one named
   * `comparison.md` also becomes the run's description. */
  readonly summary?: (sweep: SweepState) => { readonly [path: string]: string };
}

/** What a run of ours is at, as the entries so far tell. */
interface RunState {
  status: RunStatus;
  /** Values by `name step`, to leave out what a repeated attempt says again. */
  readonly points: Map<string, number>;
  readonly curves: Set<string>;
  readonly notes: string[];
  /** The metrics of its result as canonical JSON; null while it has none. */
  result: string | null;
}

/**
 * What MLflow's runs have to be told: a view of the journal's fold. The state says what is the case;
 * each entry says which runs have to hear of it. Pure: the same entries give the same updates,
 * timestamps included, so that telling them twice changes nothing in MLflow.
 */
export class Projection {
  /** What the entries so far fold to: the same state that every other view is of. */
  #state: SweepState | null = null;
  #begun: SweepStarted | null = null;
  readonly #cellsOf = new Map<Fingerprint, CellRecord[]>();
  readonly #runs = new Map<RunKey, RunState>();
  readonly #names = new Map<RunKey, string>();
  #updates = new Map<RunKey, RunUpdate>();
  #firstStart = 0;
  #time = 0;
  #seq = 0;

  constructor(private readonly options: ProjectionOptions) {}

  /** The last entry's seq; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  /** What is to be told since the last call: the sweep first, then shared stages, then cells. */
  take(): RunUpdate[] {
    const updates = [...this.#updates.values()];
    this.#updates = new Map();
    const rank = (key: RunKey): number => (key === "sweep" ? 0 : key.startsWith("stage:") ? 1 : 2);
    return updates.sort((a, b) => rank(a.key) - rank(b.key));
  }

  apply(entry: JournalEntry): void {
    const { seq, time, event } = entry;
    // A run of the sweep that was killed said nothing; the next one knows that it is over.
    if (event.type === "sweep-started") this.abandon();
    this.#state = applyEntry(this.#state, entry);
    if (event.type === "sweep-started") this.#begin(event, time);
    else if (this.#state === null) return;
    else if (event.type === "sweep-finished") this.#finish(event, time);
    else this.#stageEvent(event, time);
    this.#seq = seq;
    this.#time = time;
  }

  /**
   * The sweep's process is gone without a word: what it left open was killed, at the time of the
   * last thing heard of it. Nothing where the journal ends well.
   */
  abandon(): void {
    for (const [key, run] of this.#runs) {
      if (run.status === "RUNNING") this.#end(key, "KILLED", this.#time);
    }
  }

  #begin(event: SweepStarted, time: number): void {
    this.#begun = event;
    if (this.#firstStart === 0) this.#firstStart = time;
    this.#cellsOf.clear();
    for (const cell of event.cells) {
      const cells = this.#cellsOf.get(cell.stage);
      if (cells === undefined) this.#cellsOf.set(cell.stage, [cell]);
      else cells.push(cell);
    }
    const names = namesOf(this.#state!);
    for (const { id } of event.cells) {
      const name = names.cell(id);
      const fits = name.length <= LIMITS.key;
      this.#names.set(`cell:${id}`, fits ? name : `${name.slice(0, LIMITS.key - 18)} ${id}`);
    }
    const update = this.#update("sweep", this.#firstStart);
    for (const [key, value] of sweepTags(event)) update.tags.set(key, value);
    update.artifacts.push(
      // A spec may hold the password of a tracking server.
      { path: "spec.yaml", text: redact(event.specText) },
      { path: "resolved.json", text: redact(`${JSON.stringify(event.resolved, null, 2)}\n`) },
    );
    this.#run("sweep");
    update.status = { status: "RUNNING", endTime: null };
  }

  #finish(event: SweepFinished, time: number): void {
    const state = this.#state!;
    for (const [key, run] of this.#runs) {
      if (key !== "sweep" && run.status === "RUNNING") this.#end(key, "KILLED", time);
    }
    const update = this.#update("sweep", this.#firstStart);
    const counts = cellCounts(state);
    update.results = {
      values: {
        cells: state.cells.length,
        ...Object.fromEntries(Object.entries(counts).map(([name, n]) => [`cells.${name}`, n])),
        seconds: event.seconds,
      },
      timestamp: time,
      curves: new Set(),
    };
    for (const [path, text] of Object.entries(this.options.summary?.(state) ?? {})) {
      update.artifacts.push({ path, text });
      if (path === "comparison.md") update.tags.set("mlflow.note.content", text);
    }
    const status = { done: "FINISHED", failed: "FAILED", interrupted: "KILLED" } as const;
    this.#end("sweep", status[event.outcome], time);
  }

  #stageEvent(event: StageEvent, time: number): void {
    if (!this.#state!.stages.has(event.stage)) return;
    for (const key of this.#keysOf(event.stage)) this.#tell(key, event, time);
  }

  #tell(key: RunKey, event: StageEvent, time: number): void {
    switch (event.type) {
      case "stage-started": {
        const update = this.#describe(key, event.stage, time);
        this.#run(key);
        update.status = { status: "RUNNING", endTime: null };
        update.tags.set("r4ec.attempt", String(event.attempt));
        update.tags.set("r4ec.gpus", event.gpus.length === 0 ? "none" : event.gpus.join(","));
        update.tags.set("r4ec.fused_with", String(event.fusedWith));
        update.tags.set(TAG.cached, "false");
        update.onlyUnfinished = false;
        // What an earlier attempt came to no longer holds.
        if (event.attempt > 1 || this.#runs.get(key)!.notes.length > 0) this.#clearErrors(update);
        return;
      }
      case "stage-metrics":
        this.#curve(key, event, time);
        return;
      case "stage-facts": {
        const update = this.#update(key, time);
        for (const [name, value] of Object.entries(event.values)) {
          update.tags.set(`r4ec.fact.${name}`, String(value));
        }
        return;
      }
      case "stage-note":
        this.#run(key, false).notes.push(`${event.severity}: ${event.message}`);
        return;
      case "stage-cached": {
        const run = this.#runs.get(key);
        // Nothing new, unless another sweep has made the artifact again with other numbers.
        if (run?.status === "FINISHED" && run.result === canonicalJson(event.result.metrics))
          return;
        const update = this.#describe(key, event.stage, time);
        this.#clearErrors(update);
        update.tags.set(TAG.cached, "true");
        update.onlyUnfinished = key.startsWith("stage:");
        this.#result(key, event.stage, event.result, time, true);
        return;
      }
      case "stage-finished":
        this.#result(key, event.stage, event.result, time, false);
        return;
      case "stage-failed": {
        const update = this.#describe(key, event.stage, time);
        const { message, kind, detail } = event.error;
        update.tags.set(TAG.error, message);
        update.tags.set("r4ec.error_kind", kind);
        const text = detail === undefined ? message : `${message}\n\n${detail}`;
        update.artifacts.push({ path: "error.txt", text: `${text}\n` });
        this.#end(key, "FAILED", time);
        return;
      }
      case "stage-interrupted":
        // One that had not begun has no run to end.
        if (this.#runs.get(key)?.status === "RUNNING") this.#end(key, "KILLED", time);
        return;
      case "stage-skipped": {
        // Of a shared stage that never ran there is nothing to show; of a cell there is.
        if (key.startsWith("stage:")) return;
        const update = this.#describe(key, event.stage, time);
        const label = this.#label(event.because) ?? event.because;
        update.tags.set(TAG.skipped, `never ran: ${label} failed`);
        update.tags.set(TAG.error, `never ran: ${label} failed`);
        this.#end(key, "FAILED", time);
        return;
      }
      default:
        return forgotten(event);
    }
  }

  /** A stage's label; undefined for a stage that the sweep does not have. */
  #label(fingerprint: Fingerprint): string | undefined {
    return this.#state?.stages.get(fingerprint)?.record.label;
  }

  #curve(
    key: RunKey,
    event: Extract<StageEvent, { readonly type: "stage-metrics" }>,
    time: number,
  ): void {
    const run = this.#run(key, false);
    const update = this.#update(key, time);
    for (const [name, given] of Object.entries(event.values)) {
      // JSON has no NaN: a loss that diverged stands in the journal as null.
      const value = (given as number | null) ?? NaN;
      run.curves.add(name);
      const id = `${name} ${event.step}`;
      if (Object.is(run.points.get(id), value)) continue;
      run.points.set(id, value);
      update.metrics.push({ key: name, value, timestamp: time, step: event.step });
    }
  }

  #result(
    key: RunKey,
    stage: Fingerprint,
    result: StageResult,
    time: number,
    cached: boolean,
  ): void {
    const update = this.#update(key, time);
    const run = this.#run(key, false);
    run.result = canonicalJson(result.metrics);
    const marks = marksOf(this.#state!.stages, stage);
    for (const [name, text] of marks) update.tags.set(`r4ec.mark.${name}`, text);
    update.results = { values: result.metrics, timestamp: time, curves: new Set(run.curves) };
    update.files = {
      folder: this.options.artifactFolder(stage),
      limit: key.startsWith("stage:") ? SHARED_LIMIT : null,
      curves: cached && run.curves.size === 0 ? { timestamp: time } : null,
    };
    const lineage = lineageOf(this.#state!.stages, stage);
    update.artifacts.push({ path: "lineage.json", text: lineage });
    this.#end(key, "FINISHED", time);
  }

  /** Everything about a run that is known before it begins. */
  #describe(key: RunKey, fingerprint: Fingerprint, time: number): RunUpdate {
    const update = this.#update(key, time);
    const started = this.#begun!;
    const { record } = this.#state!.stages.get(fingerprint)!;
    const cell = this.#cellsOf.get(fingerprint)?.find(({ id }) => key === `cell:${id}`);
    const tags = cell === undefined ? stageTags(started, record) : cellTags(started, cell, record);
    for (const [name, value] of tags) update.tags.set(name, value);
    for (const [path, input] of upstreamOf(this.#state!.stages, fingerprint)) {
      update.tags.set(`r4ec.input.${path}`, input.fingerprint);
      update.links.set(`r4ec.input.${path}.run`, this.#keysOf(input.fingerprint)[0]!);
    }
    const params = cell === undefined ? flatSettings(record.params) : cell.settings;
    for (const [path, value] of Object.entries(params)) {
      update.params.set(path, typeof value === "string" ? value : JSON.stringify(value));
    }
    update.datasets.splice(
      0,
      Infinity,
      ...datasetsOf(this.#state!.stages, fingerprint, this.options.artifactFolder),
    );
    return update;
  }

  #clearErrors(update: RunUpdate): void {
    for (const tag of [TAG.error, "r4ec.error_kind", TAG.skipped]) update.tags.set(tag, null);
  }

  #end(key: RunKey, status: Exclude<RunStatus, "RUNNING">, time: number): void {
    const update = this.#update(key, time);
    const run = this.#run(key, false);
    if (run.notes.length > 0) {
      update.artifacts.push({ path: "notes.txt", text: `${run.notes.join("\n")}\n` });
    }
    run.status = status;
    // Finished for good, or to be begun again: in both cases the points have served.
    if (status === "FINISHED") run.points.clear();
    update.status = { status, endTime: time };
  }

  #run(key: RunKey, begins = true): RunState {
    let run = this.#runs.get(key);
    if (run === undefined) {
      run = { status: "RUNNING", points: new Map(), curves: new Set(), notes: [], result: null };
      this.#runs.set(key, run);
    } else if (begins) run.status = "RUNNING";
    return run;
  }

  /** A cell's last stage is the cell's run (or runs); any other stage has one of its own. */
  #keysOf(fingerprint: Fingerprint): RunKey[] {
    const cells = this.#cellsOf.get(fingerprint);
    return cells === undefined
      ? [`stage:${fingerprint}`]
      : cells.map(({ id }) => `cell:${id}` as const);
  }

  #update(key: RunKey, time: number): RunUpdate {
    let update = this.#updates.get(key);
    if (update !== undefined) return update;
    const label = this.#label(key.slice(6) as Fingerprint);
    const { experiment, sweep } = this.#begun!;
    update = {
      key,
      name: this.#names.get(key) ?? label ?? `${experiment} ${sweep}`,
      startTime: time,
      identity: identityOf(key, sweep),
      tags: new Map(),
      links: new Map(),
      params: new Map(),
      metrics: [],
      results: null,
      datasets: [],
      artifacts: [],
      files: null,
      status: null,
      onlyUnfinished: false,
    };
    this.#updates.set(key, update);
    return update;
  }
}
