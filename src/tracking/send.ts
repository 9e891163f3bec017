import pLimit from "p-limit";
import type { SweepId } from "../base/fingerprint.js";
import { waitForLock } from "../store/index.js";
import { putArtifact, type ArtifactSource } from "./artifacts.js";
import type { MlflowClient } from "./client.js";
import type { Run } from "./answers.js";
import { curvesOf, filesOf } from "./files.js";
import { MlflowFailure } from "./failure.js";
import type { Ledger } from "./ledger.js";
import type { RunKey, RunUpdate } from "./update.js";
import { identityOf, TAG } from "./update.js";
import type { Batch, KeyValue, Metric } from "./values.js";
import { batchesOf, cleanKey, cleanText, LIMITS, shorten, wireMetric } from "./values.js";
import { isEmpty, keysOf, missingFrom, missingPoints } from "./verify.js";

/** Something that MLflow did not take and will not take. */
export interface Problem {
  readonly key: RunKey;
  readonly message: string;
}

export interface SenderOptions {
  readonly client: MlflowClient;
  readonly ledger: Ledger;
  readonly experimentId: string;
  readonly sweep: SweepId;
  /** Name of the store; see ledger.ts. */
  readonly store: string;
  /** Lock that keeps two sweeps of a store from making one stage's run twice. */
  readonly stageLock: string;
  readonly problem: (problem: Problem) => void;
  /** Called after every request that succeeded. */
  readonly progress: () => void;
}

/** Tells MLflow's runs what they have to be told. Everything may be told twice. */
export class Sender {
  /** Runs whose creation may or may not have happened: to be searched for before trying again. */
  readonly doubtful = new Set<RunKey>();
  readonly #gone = new Set<RunKey>();
  /** MLflow cannot take one data set for two runs at once. */
  readonly #oneAtATime = pLimit(1);
  #experiments: string[] | null = null;

  constructor(private readonly options: SenderOptions) {}

  /** Sends updates: sweep and stages one after another, cells four at a time. Returns those done. */
  async sendAll(updates: readonly RunUpdate[], done: (update: RunUpdate) => void): Promise<void> {
    for (const update of updates.filter(({ key }) => !key.startsWith("cell:"))) {
      await this.#send(update);
      done(update);
    }
    const limit = pLimit(4);
    const cells = new Map<RunKey, RunUpdate[]>();
    for (const update of updates) {
      if (!update.key.startsWith("cell:")) continue;
      const same = cells.get(update.key);
      if (same === undefined) cells.set(update.key, [update]);
      else same.push(update);
    }
    const outcomes = await Promise.allSettled(
      [...cells.values()].map((ofOne) =>
        limit(async () => {
          for (const update of ofOne) {
            await this.#send(update);
            done(update);
          }
        }),
      ),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  /**
   * Looks after runs whose creation was answered by silence: where the server made one after all,
   * later than we looked, the empty one goes.
   */
  async removeDoubles(updates: Iterable<RunKey> = this.doubtful): Promise<void> {
    const { client, ledger } = this.options;
    for (const key of [...updates]) {
      const kept = ledger.runs.get(key);
      if (kept === undefined) continue;
      const tags = identityOf(key, this.options.sweep);
      const found = client.searchRuns(await this.#places(key), this.#filter(key, tags));
      for await (const run of found) if (run.id !== kept) await client.deleteRun(run.id);
      this.doubtful.delete(key);
    }
  }

  async #send(update: RunUpdate): Promise<void> {
    if (this.#gone.has(update.key)) return;
    try {
      await this.#tell(update);
    } catch (error) {
      if (!(error instanceof MlflowFailure)) throw error;
      if (error.kind === "missing" || /must be in the 'active' state/.test(error.message)) {
        this.#gone.add(update.key);
        this.#problem(update, "its run was deleted in MLflow; `r4ec sync` makes it again");
      } else if (error.kind === "refused") this.#problem(update, error.message);
      else throw error;
    }
  }

  async #tell(update: RunUpdate): Promise<void> {
    const { client } = this.options;
    const { run, isNew } = await this.#ensureRun(update);
    if (update.onlyUnfinished && !isNew && run.status === "FINISHED") return;
    const ended = update.status !== null && update.status.status !== "RUNNING";
    if (update.status?.status === "RUNNING" && !isNew && run.status !== "RUNNING") {
      await client.setStatus(run.id, "RUNNING", null);
    }
    const sources: ArtifactSource[] = [...update.artifacts];
    const batch = await this.#batchOf(update, sources);
    await this.#log(update, run.id, batch);
    if (!isNew) {
      for (const [key, value] of update.tags) {
        if (value === null && run.tags.has(cleanKey(key))) await client.deleteTag(run.id, key);
      }
    }
    if (update.datasets.length > 0 && run.datasets < update.datasets.length) {
      await this.#oneAtATime(() => client.logDatasets(run.id, update.datasets));
    }
    await this.#store(update, run, sources);
    if (ended) await client.setStatus(run.id, update.status!.status, update.status!.endTime);
    await this.#verify(update, run.id, batch);
    this.options.progress();
  }

  /** What is to be logged, in MLflow's terms; long values are added to `sources`. */
  async #batchOf(update: RunUpdate, sources: ArtifactSource[]): Promise<Batch> {
    const pairs = (kind: "param" | "tag", all: Iterable<[string, string]>): KeyValue[] => {
      const list: KeyValue[] = [];
      for (const [key, text] of all) {
        const { value, artifact } = shorten(kind, key, text);
        if (artifact !== null) sources.push(artifact);
        list.push({ key: cleanKey(key), value });
      }
      return list;
    };
    const tags = new Map<string, string>();
    for (const [key, value] of update.tags) if (value !== null) tags.set(key, value);
    for (const [key, target] of update.links) {
      const id = this.options.ledger.runs.get(target);
      if (id !== undefined) tags.set(key, id);
    }
    const metrics: Metric[] = [...update.metrics];
    const curves = new Set(update.results?.curves);
    if (update.files?.curves != null) {
      for (const point of await curvesOf(update.files.folder, update.files.curves.timestamp)) {
        metrics.push(point);
        curves.add(point.key);
      }
    }
    for (const [name, value] of Object.entries(update.results?.values ?? {})) {
      const key = curves.has(name) ? `result.${name}` : name;
      metrics.push({ key, value, timestamp: update.results!.timestamp, step: 0 });
    }
    return {
      tags: pairs("tag", tags),
      params: pairs("param", update.params),
      metrics: metrics.map(wireMetric),
    };
  }

  /** Logs a batch; what MLflow refuses is looked for by halving and left out, the rest gets there. */
  async #log(update: RunUpdate, runId: string, batch: Batch): Promise<void> {
    for (const one of batchesOf(batch)) {
      try {
        await this.options.client.log(runId, one);
        this.options.progress();
      } catch (error) {
        if (!(error instanceof MlflowFailure) || error.kind !== "refused") throw error;
        if (/must be in the 'active' state/.test(error.message)) throw error;
        const halves = halve(one);
        if (halves === null) this.#problem(update, `${keysOf(one)[0]}: ${error.message}`);
        else for (const half of halves) await this.#log(update, runId, half);
      }
    }
  }

  /** MLflow drops data without a word: look, send what is missing once more, look again. */
  async #verify(update: RunUpdate, runId: string, batch: Batch): Promise<void> {
    if (isEmpty(batch) && update.status === null) return;
    const { client } = this.options;
    for (let attempt = 0; ; attempt += 1) {
      const run = await client.run(runId);
      const missing = missingFrom(run, batch);
      const points = await missingPoints(client, runId, batch.metrics);
      const again: Batch = { ...missing, metrics: [...missing.metrics, ...points] };
      if (isEmpty(again)) return;
      if (attempt === 1) {
        const keys = keysOf(again).slice(0, 5).join(", ");
        this.#problem(update, `MLflow answered well but did not keep: ${keys}`);
        return;
      }
      // One at a time: whatever made MLflow stop reading harms nothing else.
      for (const tag of again.tags) await this.#log(update, runId, { ...NONE, tags: [tag] });
      for (const param of again.params)
        await this.#log(update, runId, { ...NONE, params: [param] });
      for (const metric of again.metrics) {
        await this.#log(update, runId, { ...NONE, metrics: [metric] });
      }
    }
  }

  async #store(update: RunUpdate, run: Run, sources: ArtifactSource[]): Promise<void> {
    const all = [...sources];
    if (update.files !== null) {
      const { files, left } = await filesOf(update.files);
      all.push(...files);
      if (left !== null) all.push({ path: "left-in-the-store.json", text: left });
    }
    for (const source of all) {
      try {
        await putArtifact(this.options.client, run, source);
        this.options.progress();
      } catch (error) {
        if (!(error instanceof MlflowFailure) || error.kind !== "refused") throw error;
        this.#problem(update, error.message);
        if (/does not pass them on/.test(error.message)) return;
      }
    }
  }

  async #ensureRun(update: RunUpdate): Promise<{ run: Run; isNew: boolean }> {
    const { client, ledger } = this.options;
    const known = ledger.runs.get(update.key);
    if (known !== undefined) {
      const run = await client.run(known);
      if (run.deleted) throw new MlflowFailure("missing", "the run was deleted in MLflow");
      return { run, isNew: false };
    }
    if (!update.key.startsWith("stage:")) return this.#findOrCreate(update);
    const lock = await waitForLock(this.options.stageLock, "making a stage's MLflow run");
    try {
      return await this.#findOrCreate(update);
    } finally {
      await lock.release();
    }
  }

  async #findOrCreate(update: RunUpdate): Promise<{ run: Run; isNew: boolean }> {
    const { client, ledger, experimentId } = this.options;
    // A shared stage may have a run of another sweep, in any experiment.
    if (update.key.startsWith("stage:") || this.doubtful.has(update.key)) {
      for await (const run of client.searchRuns(
        await this.#places(update.key),
        this.#filter(update.key, update.identity),
      )) {
        await ledger.addRun(update.key, run.id);
        return { run, isNew: false };
      }
    }
    const tags = new Map([...update.identity, ["r4ec.store", this.options.store]]);
    const parent = ledger.runs.get("sweep");
    if (update.key !== "sweep" && parent !== undefined) tags.set("mlflow.parentRunId", parent);
    tags.set("mlflow.runName", cleanText(update.name));
    const run = await client
      .createRun({
        experimentId,
        name: update.name,
        startTime: update.startTime,
        tags: [...tags].map(([key, value]) => ({
          key,
          value: cleanText(value).slice(0, LIMITS.tag),
        })),
      })
      .catch((error: unknown) => {
        if (error instanceof MlflowFailure && error.ambiguous) this.doubtful.add(update.key);
        throw error;
      });
    await ledger.addRun(update.key, run.id);
    return { run, isNew: true };
  }

  async #places(key: RunKey): Promise<readonly string[]> {
    if (!key.startsWith("stage:")) return [this.options.experimentId];
    this.#experiments ??= await this.options.client.experimentIds();
    return [...new Set([...this.#experiments, this.options.experimentId])];
  }

  #filter(key: RunKey, identity: ReadonlyMap<string, string>): string {
    const wanted = new Map(identity);
    if (key.startsWith("stage:")) wanted.delete(TAG.sweep);
    wanted.set("r4ec.store", this.options.store);
    return filterOf(wanted);
  }

  #problem({ key, name }: RunUpdate, message: string): void {
    this.options.problem({ key, message: `${name}: ${message}` });
  }
}

const NONE: Batch = { tags: [], params: [], metrics: [] };

/** MLflow's filter for runs that have all these tags. */
export const filterOf = (tags: ReadonlyMap<string, string>): string =>
  [...tags].map(([key, value]) => `tags.\`${key}\` = '${value}'`).join(" and ");

function halve(batch: Batch): [Batch, Batch] | null {
  const kinds = [batch.tags, batch.params, batch.metrics] as const;
  const count = kinds.reduce((sum, kind) => sum + kind.length, 0);
  if (count <= 1) return null;
  let left = Math.ceil(count / 2);
  const first: [KeyValue[], KeyValue[], Batch["metrics"][number][]] = [[], [], []];
  const second: [KeyValue[], KeyValue[], Batch["metrics"][number][]] = [[], [], []];
  for (const [at, kind] of kinds.entries()) {
    for (const item of kind) ((left-- > 0 ? first : second)[at] as (typeof item)[]).push(item);
  }
  const batchOf = (parts: typeof first): Batch => ({
    tags: parts[0],
    params: parts[1],
    metrics: parts[2],
  });
  return [batchOf(first), batchOf(second)];
}
