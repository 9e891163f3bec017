import type { LimitFunction } from "p-limit";
import type { Run } from "./answers.js";
import type { ArtifactSource } from "./artifacts.js";
import { isUnreachable, putArtifact } from "./artifacts.js";
import { halve, NOTHING } from "./batch.js";
import type { MlflowClient } from "./client.js";
import { isOfDeleted, MlflowFailure } from "./failure.js";
import { keysOf } from "./level.js";
import type { Batch } from "./values.js";
import { batchesOf, curvesIn } from "./values.js";
import type { Wanted } from "./wanted.js";

/** What to do about a run that holds something which MLflow cannot change. */
export const AGAIN = "delete this run in MLflow, and `r4ec sync` makes it again";

export interface DeliveryOptions {
  readonly client: MlflowClient;
  readonly run: Run;
  /** `differs`: false where MLflow has all that it can take. */
  readonly problem: (message: string, differs?: boolean) => void;
  /** Called after every request that succeeded. */
  readonly progress: () => void;
  /** Runs what MLflow cannot take for two runs at once. */
  readonly alone: LimitFunction;
}

/** The delivery of an update to one run. What MLflow refuses is named once and left out. */
export class Delivery {
  readonly #refusedKeys = new Set<string>();
  readonly #refusedFiles = new Set<string>();
  #unreachable = false;

  constructor(private readonly options: DeliveryOptions) {}

  /** Sends all of it, the status last: a run that has ended is complete. */
  async send(wanted: Wanted): Promise<void> {
    await this.#log(wanted.batch);
    await this.#rest(wanted);
  }

  /** The same, each value by itself: whatever made MLflow stop reading harms nothing else. */
  async sendOneByOne(wanted: Wanted): Promise<void> {
    const { tags, params, metrics } = wanted.batch;
    for (const tag of tags) await this.#log({ ...NOTHING, tags: [tag] });
    for (const param of params) await this.#log({ ...NOTHING, params: [param] });
    for (const points of curvesIn(metrics).values())
      await this.#log({ ...NOTHING, metrics: points });
    await this.#rest(wanted);
  }

  /** What is left of something missing when what MLflow has refused is no longer asked for. */
  withoutRefused(missing: Wanted): Wanted {
    const kept = <T extends { readonly key: string }>(items: readonly T[]): T[] =>
      items.filter(({ key }) => !this.#refusedKeys.has(key));
    const { tags, params, metrics } = missing.batch;
    return {
      ...missing,
      batch: { tags: kept(tags), params: kept(params), metrics: kept(metrics) },
      files: missing.files.filter((file) => !this.#refusedFiles.has(file.path)),
    };
  }

  async #rest({ goneTags, datasets, files, status }: Wanted): Promise<void> {
    const { client, run, alone, progress } = this.options;
    for (const key of goneTags) await client.deleteTag(run.id, key);
    if (datasets.length > 0) await alone(() => client.logDatasets(run.id, datasets));
    for (const file of files) await this.#put(file);
    if (status !== null) await client.setStatus(run.id, status.status, status.endTime);
    progress();
  }

  /** Logs a batch; what MLflow refuses is looked for by halving and left out, the rest gets there. */
  async #log(batch: Batch): Promise<void> {
    const { client, run, problem, progress } = this.options;
    for (const one of batchesOf(batch)) {
      try {
        await client.log(run.id, one);
        progress();
      } catch (error) {
        if (!(error instanceof MlflowFailure) || error.kind !== "refused") throw error;
        if (isOfDeleted(error)) throw error;
        const halves = halve(one);
        if (halves !== null) for (const half of halves) await this.#log(half);
        else {
          const key = keysOf(one)[0]!;
          const advice = run.params.has(key) && one.params.length > 0 ? `; ${AGAIN}` : "";
          if (!this.#refusedKeys.has(key)) problem(`${key}: ${error.message}${advice}`);
          this.#refusedKeys.add(key);
        }
      }
    }
  }

  /** Stores a file. Whatever is wrong with this one alone leaves the others as they are. */
  async #put(file: ArtifactSource): Promise<void> {
    const { client, run, problem, progress } = this.options;
    if (this.#unreachable) return;
    try {
      await putArtifact(client, run, file);
      progress();
    } catch (error) {
      if (!(error instanceof MlflowFailure)) throw error;
      if (isUnreachable(client.address.url, run)) {
        this.#unreachable = true;
        problem(error.message, false);
        return;
      }
      if (error.kind !== "refused") {
        // Is it the server or the file? A web server in front of MLflow may refuse a file with a
        // status or a page of its own, or cut the connection in its middle.
        if (error.status === 429 || error.status === 408 || error.status === 503) throw error;
        await client.ping().catch(() => {
          throw error;
        });
      }
      if (!this.#refusedFiles.has(file.path)) problem(error.message);
      this.#refusedFiles.add(file.path);
    }
  }
}
