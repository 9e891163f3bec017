import type { SweepId } from "../base/fingerprint.js";
import { canonicalJson } from "../base/json.js";
import type { RunStatus } from "./run-status.js";
import { isOpen } from "./run-status.js";
import type { RunKey, RunUpdate, StageFiles } from "./update.js";
import { identityOf, TAG } from "./update.js";

/** What was sent to MLflow about a run, as far as later updates depend on it. */
interface Told {
  /** Null until the run's first status. */
  status: RunStatus | null;
  /** Values by `name step`, to leave out what a repeated attempt says again. */
  readonly points: Map<string, number>;
  readonly curves: Set<string>;
  readonly notes: string[];
  /** The result that the run shows; null while it shows none. */
  result: RunResult | null;
}

/** The result of a stage, as its run shows it. */
export interface RunResult {
  readonly metrics: { readonly [name: string]: number };
  /** Marks of the stage and of all it stands on. */
  readonly marks: ReadonlyMap<string, string>;
}

/** What all updates of a sweep have in common. */
export interface RunNames {
  readonly sweep: SweepId;
  /** Start of the sweep's first run, milliseconds since 1970. */
  readonly firstStartedAt: number;
  readonly nameOf: (key: RunKey) => string;
}

/**
 * The runs that MLflow has, or will have after the next update, and the updates that are still to
 * send. Times are in milliseconds since 1970.
 */
export class Runs {
  readonly #told = new Map<RunKey, Told>();
  #updates = new Map<RunKey, RunUpdate>();
  #names: RunNames | null = null;

  /** A run of the sweep begins: from now on runs are called so. */
  begin(names: RunNames): void {
    this.#names = names;
  }

  /** The updates since the last call: the sweep first, then shared stages, then cells. */
  take(): RunUpdate[] {
    const updates = [...this.#updates.values()];
    this.#updates = new Map();
    const rank = (key: RunKey): number => (key === "sweep" ? 0 : key.startsWith("stage:") ? 1 : 2);
    return updates.sort((a, b) => rank(a.key) - rank(b.key));
  }

  /** Runs that are there. */
  keys(): RunKey[] {
    return [...this.#told.keys()];
  }

  has(key: RunKey): boolean {
    return this.#told.has(key);
  }

  /** The status that the run has or will have; null for one that is not there. */
  statusOf(key: RunKey): RunStatus | null {
    return this.#told.get(key)?.status ?? null;
  }

  /** True where the run shows a result of these metrics. */
  shows(key: RunKey, metrics: RunResult["metrics"]): boolean {
    const result = this.#told.get(key)?.result ?? null;
    return result !== null && canonicalJson(result.metrics) === canonicalJson(metrics);
  }

  /** The update for the run; `time` is the run's start if the update makes it. */
  update(key: RunKey, time: number): RunUpdate {
    let update = this.#updates.get(key);
    if (update === undefined) {
      const { sweep, firstStartedAt, nameOf } = this.#names!;
      update = {
        key,
        name: nameOf(key),
        startTime: key === "sweep" ? firstStartedAt : time,
        identity: identityOf(key, sweep),
        ...{ tags: new Map(), located: new Map(), experimentTags: new Map(), links: new Map() },
        ...{ params: new Map(), metrics: [], results: null },
        ...{ gone: new Map(), datasets: [], artifacts: [], files: null, status: null },
        onlyUnfinished: false,
      };
      this.#updates.set(key, update);
    }
    return update;
  }

  setStatus(key: RunKey, status: RunStatus, time: number): void {
    const update = this.update(key, time);
    const told = this.#get(key);
    if (!isOpen(status) && told.notes.length > 0) {
      update.artifacts.push({ path: "notes.txt", text: `${told.notes.join("\n")}\n` });
    }
    told.status = status;
    // The points of a finished run are not needed any more.
    if (status === "FINISHED") told.points.clear();
    else update.onlyUnfinished = false;
    update.status = { status, endTime: isOpen(status) ? null : time };
  }

  /** A new attempt begins or is awaited: what an earlier one failed of no longer holds. */
  clearErrors(key: RunKey, time: number): void {
    const { tags } = this.update(key, time);
    for (const tag of [TAG.error, TAG.errorKind, TAG.skipped]) tags.set(tag, null);
  }

  /** A remark of the run's stage, for the file that is stored when the run ends. */
  note(key: RunKey, text: string): void {
    this.#get(key).notes.push(text);
  }

  /** True where the run's stage has said something in an earlier attempt. */
  hasNotes(key: RunKey): boolean {
    return (this.#told.get(key)?.notes.length ?? 0) > 0;
  }

  /** One step of the run's curves. */
  curve(
    key: RunKey,
    step: number,
    values: { readonly [name: string]: number },
    time: number,
  ): void {
    const told = this.#get(key);
    const update = this.update(key, time);
    for (const [name, given] of Object.entries(values)) {
      // JSON has no NaN: a loss that diverged stands in the journal as null.
      const value = (given as number | null) ?? NaN;
      told.curves.add(name);
      const id = `${name} ${step}`;
      if (Object.is(told.points.get(id), value)) continue;
      told.points.set(id, value);
      update.metrics.push({ key: name, value, timestamp: time, step });
    }
  }

  /**
   * The run's stage came to a result, and the run is finished.
   *
   * @param files what of the stage's artifact is stored; `cached`: its curves are read there too,
   * unless the journal has some
   */
  finish(
    key: RunKey,
    result: RunResult,
    files: Omit<StageFiles, "curves"> & { readonly cached: boolean },
    time: number,
  ): void {
    const update = this.update(key, time);
    const told = this.#get(key);
    // Of an earlier result, what this one does not say again is gone.
    this.takeBack(key, time);
    for (const name of Object.keys(result.metrics)) update.gone.delete(name);
    for (const [name, text] of result.marks) update.tags.set(`${TAG.mark}${name}`, text);
    told.result = result;
    update.results = {
      values: result.metrics,
      timestamp: time,
      curves: new Set(told.curves),
    };
    const { cached, ...chosen } = files;
    const curves = cached && told.curves.size === 0 ? { timestamp: time } : null;
    update.files = { ...chosen, curves };
    this.setStatus(key, "FINISHED", time);
  }

  /** The run's result, if it shows one, no longer holds. */
  takeBack(key: RunKey, time: number): void {
    const told = this.#told.get(key);
    if (told === undefined || told.result === null) return;
    const update = this.update(key, time);
    update.results = null;
    update.files = null;
    for (const name of Object.keys(told.result.metrics)) update.gone.set(name, time);
    for (const name of told.result.marks.keys()) update.tags.set(`${TAG.mark}${name}`, null);
    told.result = null;
  }

  /** Records that a run was updated; from now on the run exists. */
  #get(key: RunKey): Told {
    let told = this.#told.get(key);
    if (told === undefined) {
      const nothing = { points: new Map(), curves: new Set<string>(), notes: [] };
      told = { status: null, ...nothing, result: null };
      this.#told.set(key, told);
    }
    return told;
  }
}
