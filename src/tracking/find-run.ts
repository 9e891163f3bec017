import type { SweepId } from "../base/fingerprint.js";
import { waitForLock } from "../store/index.js";
import type { Run } from "./answers.js";
import type { MlflowClient } from "./client.js";
import { MlflowFailure } from "./failure.js";
import type { Ledger } from "./ledger.js";
import type { RunKey, RunUpdate } from "./update.js";
import { identityOf, TAG } from "./update.js";
import type { KeyValue } from "./values.js";
import { cleanText, LIMITS } from "./values.js";

export interface FinderOptions {
  readonly client: MlflowClient;
  readonly ledger: Ledger;
  readonly experimentId: string;
  readonly sweep: SweepId;
  /** Name of the store; see ledger.ts. */
  readonly store: string;
  /** Lock that keeps two sweeps of a store from making one stage's run twice. */
  readonly stageLock: string;
}

/** Finds the runs of a sweep in MLflow, and makes each of them once. */
export class RunFinder {
  /** Runs whose creation may or may not have happened: to be searched for before trying again. */
  readonly doubtful = new Set<RunKey>();
  #experiments: string[] | null = null;

  constructor(private readonly options: FinderOptions) {}

  /** The run that an update is for, made where MLflow lacks it. */
  async ensure(update: RunUpdate): Promise<{ run: Run; isNew: boolean }> {
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
    const tags = this.#placing(update).set("mlflow.runName", cleanText(update.name));
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

  /** Tags that say what a run is and where it belongs. */
  #placing({ key, identity }: RunUpdate): Map<string, string> {
    const tags = new Map([...identity, ["r4ec.store", this.options.store]]);
    const parent = this.options.ledger.runs.get("sweep");
    return key === "sweep" || parent === undefined ? tags : tags.set("mlflow.parentRunId", parent);
  }

  /**
   * Those of them that a run must still have: none where another sweep made the run of a stage that both share.
   */
  placeOf(update: RunUpdate, run: Run): readonly KeyValue[] {
    const sweep = run.tags.get(TAG.sweep) ?? this.options.sweep;
    if (update.key.startsWith("stage:") && sweep !== this.options.sweep) return [];
    return [...this.#placing(update)].map(([key, value]) => ({
      key,
      value: cleanText(value).slice(0, LIMITS.tag),
    }));
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
}

/** MLflow's filter for runs that have all these tags. */
export const filterOf = (tags: ReadonlyMap<string, string>): string =>
  [...tags].map(([key, value]) => `tags.\`${key}\` = '${value}'`).join(" and ");
