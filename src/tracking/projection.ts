import type { CellRecord, Names } from "../contract/records.js";
import type { StageResult } from "../contract/runner.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { redact } from "../base/redact.js";
import { namesOf } from "../cells/index.js";
import type { JournalEntry, StageEvent, SweepFinished, SweepStarted } from "../journal/events.js";
import { forgotten } from "../journal/events.js";
import type { StageState, SweepState } from "../journal/index.js";
import { applyEntry, paidBy } from "../journal/index.js";
import { usageMetrics } from "../contract/usage.js";
import { lineageOf, marksOf } from "../journal/lineage.js";
import { cellCounts } from "../report/index.js";
import { trackingOf } from "../spec/index.js";
import { describeRun } from "./describe.js";
import type { ArtifactChoice } from "../config/config.js";
import { sweepTags } from "./identity.js";
import { statusOfStage, statusOfSweep } from "./run-status.js";
import { Runs } from "./runs.js";
import type { ViewedScience } from "./shared-view.js";
import { paidView, paidViewName, sharedView, viewName, viewTag } from "./shared-view.js";
import type { Summary, SweepViews } from "./summary.js";
import { comparedMetrics, pageSources, sweepDatasets, sweepParams } from "./sweep-run.js";
import type { RunKey, RunUpdate } from "./update.js";
import { NOTE, runName, TAG } from "./update.js";

export interface ProjectionOptions {
  /** Folder of a stage's artifact. */
  readonly artifactFolder: (fingerprint: Fingerprint) => string;
  /** Files of artifacts that go to MLflow where the spec does not say; default: small. */
  readonly choice?: ArtifactChoice;
  /** What the run of a sweep shows of its results when it ends. */
  readonly summary?: Pick<Summary, "of">;
  /** Left out: no view of the cells is made. */
  readonly science?: ViewedScience;
}

/**
 * The updates for MLflow's runs: a view of the journal's state. The updates follow from the state;
 * each entry decides which runs need an update. Pure: the same entries give the same updates,
 * including timestamps, so that sending them twice changes nothing in MLflow.
 */
export class Projection {
  /** What the entries so far fold to: the same state that every other view is of. */
  #state: SweepState | null = null;
  #started: SweepStarted | null = null;
  #names: Names | null = null;
  readonly #cellsOf = new Map<Fingerprint, CellRecord[]>();
  readonly #runs = new Runs();
  /** The figures that the sweep's run shows. */
  #figures: SweepViews["figures"] = {};
  #time = 0;
  #seq = 0;

  constructor(private readonly options: ProjectionOptions) {}

  /** The last entry's seq; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  /** The updates since the last call: first of the sweep, then of shared stages, then of cells. */
  take(): RunUpdate[] {
    return this.#runs.take();
  }

  apply(entry: JournalEntry): void {
    const { seq, time, event } = entry;
    // A run of the sweep that was killed said nothing; the next one knows that it is over.
    if (event.type === "sweep-started") this.abandon();
    this.#state = applyEntry(this.#state, entry);
    if (this.#state === null) return;
    if (event.type === "sweep-started") this.#begin(event, time);
    else if (event.type === "sweep-finished") this.#finish(event, time);
    else if (event.type !== "sweep-progress") this.#stageEvent(event, time);
    this.#seq = seq;
    this.#time = time;
  }

  /**
   * The sweep's process is gone without a word: what it left open was killed, at the time of the
   * last thing heard of it. Nothing where the journal ends well.
   */
  abandon(): void {
    for (const key of this.#runs.keys()) {
      if (this.#runs.statusOf(key) === "RUNNING") this.#runs.setStatus(key, "KILLED", this.#time);
    }
  }

  #begin(event: SweepStarted, time: number): void {
    this.#started = event;
    const names = namesOf(this.#state!);
    this.#names = names;
    this.#runs.begin({
      sweep: event.sweep,
      firstStartedAt: this.#state!.firstStartedAt,
      nameOf: (key) => runName(key, event, names),
    });
    this.#cellsOf.clear();
    for (const cell of event.cells) {
      const cells = this.#cellsOf.get(cell.stage);
      if (cells === undefined) this.#cellsOf.set(cell.stage, [cell]);
      else cells.push(cell);
    }
    const update = this.#runs.update("sweep", time);
    for (const [key, value] of sweepTags(event)) update.tags.set(key, value);
    for (const [path, value] of sweepParams(this.#state!)) update.params.set(path, value);
    this.#look(update, comparedMetrics(event.resolved));
    if (this.#state!.runs === 1) {
      update.located.set(
        NOTE,
        ({ cells }) => `The sweep runs: what it finds will stand here. ${cells}\n`,
      );
    }
    update.artifacts.push(
      // A spec may hold the password of a tracking server.
      { path: "spec.yaml", text: redact(event.specText) },
      { path: "resolved.json", text: redact(`${JSON.stringify(event.resolved, null, 2)}\n`) },
    );
    this.#runs.setStatus("sweep", "RUNNING", time);
    this.#settleAll(time);
  }

  #finish(event: SweepFinished, time: number): void {
    const state = this.#state!;
    this.#settleAll(time);
    const update = this.#runs.update("sweep", time);
    const counts = cellCounts(state);
    const paid = paidBy(state.stages.values());
    const views = this.options.summary?.of(state);
    update.results = {
      values: {
        // MLflow's pages begin with what was logged first.
        ...views?.figures,
        cells: state.cells.length,
        ...Object.fromEntries(Object.entries(counts).map(([name, n]) => [`cells.${name}`, n])),
        seconds: event.seconds,
        ...(paid !== null && usageMetrics(paid)),
      },
      timestamp: time,
      curves: new Set(),
    };
    for (const name of Object.keys(this.#figures)) {
      if (views?.figures[name] === undefined) update.gone.set(name, time);
    }
    this.#figures = views?.figures ?? {};
    update.datasets.splice(0, Infinity, ...sweepDatasets(state, this.options.artifactFolder));
    if (views !== undefined) this.#show(update, views);
    this.#runs.setStatus("sweep", statusOfSweep(state.status), time);
  }

  /** Files and description of the sweep's run, of what the sweep came to. */
  #show(update: RunUpdate, { files, pages, note, metrics }: SweepViews): void {
    for (const [path, text] of Object.entries(files)) update.artifacts.push({ path, text });
    update.artifacts.push(...pageSources(pages, this.#choice()));
    const { sweep, stages } = this.#state!;
    const pays = paidBy(stages.values()) !== null;
    if (pays) update.experimentTags.set(viewTag(paidViewName(sweep)), paidView(sweep));
    update.located.set(NOTE, ({ cells, paid }) => `${cells}${pays ? ` ${paid}` : ""}\n\n${note}`);
    this.#look(update, metrics);
  }

  /** The view of the sweep's cells by some metrics, which its experiment keeps. */
  #look(update: RunUpdate, metrics: readonly string[]): void {
    const { science } = this.options;
    if (science === undefined) return;
    const state = this.#state!;
    const view = sharedView(state, metrics.length > 0 ? metrics : science.headline, science);
    if (view !== null) update.experimentTags.set(viewTag(viewName(state.sweep)), view);
  }

  /** Which files may go to MLflow. */
  #choice(): ArtifactChoice {
    const { mlflow } = trackingOf(this.#state!.resolved);
    const asked = mlflow === "off" ? undefined : mlflow.artifacts;
    return asked ?? this.options.choice ?? "small";
  }

  #stageEvent(event: StageEvent, time: number): void {
    const stage = this.#state!.stages.get(event.stage);
    if (stage === undefined) return;
    for (const key of this.#keysOf(event.stage)) {
      this.#tell(key, event, time);
      this.#settle(key, stage, time);
    }
  }

  #tell(key: RunKey, event: StageEvent, time: number): void {
    switch (event.type) {
      case "stage-started": {
        const update = this.#describe(key, event.stage, time);
        update.tags.set("r4ec.attempt", String(event.attempt));
        update.tags.set("r4ec.gpus", event.gpus.length === 0 ? "none" : event.gpus.join(","));
        update.tags.set("r4ec.fused_with", String(event.fusedWith));
        update.tags.set(TAG.cached, "false");
        // The result of an earlier attempt is no longer valid.
        if (event.attempt > 1 || this.#runs.hasNotes(key)) this.#runs.clearErrors(key, time);
        this.#runs.setStatus(key, "RUNNING", time);
        return;
      }
      case "stage-metrics":
        this.#runs.curve(key, event.step, event.values, time);
        return;
      case "stage-facts": {
        const update = this.#runs.update(key, time);
        for (const [name, value] of Object.entries(event.values)) {
          update.tags.set(`r4ec.fact.${name}`, String(value));
        }
        return;
      }
      case "stage-note":
        this.#runs.note(key, `${event.severity}: ${event.message}`);
        return;
      case "stage-cached": {
        // Nothing new, unless another sweep has made the artifact again with other numbers.
        if (this.#runs.shows(key, event.result.metrics)) return;
        const update = this.#describe(key, event.stage, time);
        this.#runs.clearErrors(key, time);
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
        const { message, kind, detail, log } = event.error;
        update.tags.set(TAG.error, message);
        update.tags.set(TAG.errorKind, kind);
        const where = log === undefined ? undefined : `log: ${log}`;
        const text = [message, detail, where].filter((part) => part !== undefined).join("\n\n");
        update.artifacts.push({ path: "error.txt", text: `${text}\n` });
        this.#runs.setStatus(key, "FAILED", time);
        return;
      }
      case "stage-retried": {
        const { error, changed } = event;
        const next = changed === null ? "" : `, ${changed}`;
        this.#runs.note(key, `warning: ${error.message}; the stage is tried again${next}`);
        return;
      }
      case "stage-interrupted":
        // A stage that had not begun has no run to end.
        return;
      case "stage-skipped": {
        // Of a shared stage that never ran there is nothing to show; of a cell there is.
        if (key.startsWith("stage:") && !this.#runs.has(key)) return;
        const update = this.#describe(key, event.stage, time);
        const text = `never ran: ${this.#names!.stage(event.because)} failed`;
        update.tags.set(TAG.skipped, text);
        update.tags.set(TAG.error, text);
        this.#runs.setStatus(key, "FAILED", time);
        return;
      }
      default:
        return forgotten(event);
    }
  }

  /** Makes every run agree with its stage's state, which a run of the sweep changes as a whole. */
  #settleAll(time: number): void {
    for (const [fingerprint, stage] of this.#state!.stages) {
      for (const key of this.#keysOf(fingerprint)) this.#settle(key, stage, time);
    }
  }

  /** Makes a run that is there agree with its stage's state: its status, and whether it has a result. */
  #settle(key: RunKey, stage: StageState, time: number): void {
    if (!this.#runs.has(key)) return;
    if (stage.result === null) this.#runs.takeBack(key, time);
    const status = statusOfStage(stage.status);
    if (status === this.#runs.statusOf(key)) return;
    if (status === "SCHEDULED") this.#runs.clearErrors(key, time);
    this.#runs.setStatus(key, status, time);
  }

  #result(
    key: RunKey,
    stage: Fingerprint,
    { metrics }: StageResult,
    time: number,
    cached: boolean,
  ): void {
    const { stages } = this.#state!;
    const folder = this.options.artifactFolder(stage);
    const choice = this.#choice();
    const marks = marksOf(stages, stage);
    this.#runs.finish(key, { metrics, marks }, { stage, folder, choice, cached }, time);
    const lineage = { path: "lineage.json", text: lineageOf(stages, stage) };
    this.#runs.update(key, time).artifacts.push(lineage);
  }

  #describe(key: RunKey, stage: Fingerprint, time: number): RunUpdate {
    const update = this.#runs.update(key, time);
    describeRun(update, {
      started: this.#started!,
      state: this.#state!,
      stage,
      cell: this.#cellsOf.get(stage)?.find(({ id }) => key === `cell:${id}`) ?? null,
      runOf: (one) => this.#keysOf(one)[0]!,
      artifactFolder: this.options.artifactFolder,
    });
    return update;
  }

  /** A cell's last stage is the cell's run (or runs); any other stage has one of its own. */
  #keysOf(fingerprint: Fingerprint): RunKey[] {
    const cells = this.#cellsOf.get(fingerprint);
    return cells === undefined
      ? [`stage:${fingerprint}`]
      : cells.map(({ id }) => `cell:${id}` as const);
  }
}
