import pLimit from "p-limit";
import type { Run } from "./answers.js";
import { putArtifact, type ArtifactSource } from "./artifacts.js";
import { batchOf, halve, NOTHING } from "./batch.js";
import { filesOf } from "./files.js";
import { MlflowFailure } from "./failure.js";
import type { FinderOptions } from "./find-run.js";
import { RunFinder } from "./find-run.js";
import type { RunKey, RunUpdate } from "./update.js";
import type { Batch } from "./values.js";
import { batchesOf, cleanKey } from "./values.js";
import { isEmpty, keysOf, missingFrom, missingPoints } from "./verify.js";

/** Something that MLflow refused and will always refuse. */
export interface Problem {
  readonly key: RunKey;
  readonly message: string;
}

export interface SenderOptions extends FinderOptions {
  readonly problem: (problem: Problem) => void;
  /** Called after every request that succeeded. */
  readonly progress: () => void;
}

/** Sends updates to MLflow's runs. Sending an update twice does no harm. */
export class Sender {
  readonly runs: RunFinder;
  readonly #gone = new Set<RunKey>();
  /** MLflow cannot take one data set for two runs at once. */
  readonly #oneAtATime = pLimit(1);

  constructor(private readonly options: SenderOptions) {
    this.runs = new RunFinder(options);
  }

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

  async #send(update: RunUpdate): Promise<void> {
    if (this.#gone.has(update.key)) return;
    try {
      await this.#tell(update);
    } catch (error) {
      if (!(error instanceof MlflowFailure)) throw error;
      if (error.kind === "missing" || /must be in the 'active' state/.test(error.message)) {
        this.#gone.add(update.key);
        this.#problem(update, "its run was deleted in MLflow; `r4ec sync` makes the run again");
      } else if (error.kind === "refused") this.#problem(update, error.message);
      else throw error;
    }
  }

  async #tell(update: RunUpdate): Promise<void> {
    const { client } = this.options;
    const { run, isNew } = await this.runs.ensure(update);
    if (update.onlyUnfinished && !isNew && run.status === "FINISHED") return;
    const begins = update.status?.status === "RUNNING";
    if (begins && !isNew && run.status !== "RUNNING") {
      await client.setStatus(run.id, "RUNNING", null);
    }
    const sources: ArtifactSource[] = [...update.artifacts];
    const batch = await batchOf(update, run, this.options.ledger.runs, sources);
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
    if (update.status !== null && !begins) {
      await client.setStatus(run.id, update.status.status, update.status.endTime);
    }
    await this.#verify(update, run.id, batch);
    this.options.progress();
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
        this.#problem(update, `MLflow reported success but did not store: ${keys}`);
        return;
      }
      // One at a time: whatever made MLflow stop reading harms nothing else.
      for (const tag of again.tags) await this.#log(update, runId, { ...NOTHING, tags: [tag] });
      for (const param of again.params)
        await this.#log(update, runId, { ...NOTHING, params: [param] });
      for (const metric of again.metrics) {
        await this.#log(update, runId, { ...NOTHING, metrics: [metric] });
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

  #problem({ key, name }: RunUpdate, message: string): void {
    this.options.problem({ key, message: `${name}: ${message}` });
  }
}
