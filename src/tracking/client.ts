import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "./address.js";
import type {
  DatasetInput,
  ExperimentInfo,
  MetricPoint,
  NewRun,
  RawExperiment,
  RawMetric,
  RawRun,
  Run,
} from "./answers.js";
import { experimentOf, pointOf, rawDataset, runOf } from "./answers.js";
import { MlflowFailure } from "./failure.js";
import type { RunStatus } from "./run-status.js";
import type { Patience } from "./transport.js";
import { PATIENT, Transport } from "./transport.js";
import type { Batch, KeyValue } from "./values.js";
import { batchesOf, cleanText, whole } from "./values.js";

const API = "/api/2.0/mlflow";

/** MLflow's REST API, as far as tracking needs it. Throws {@link MlflowFailure} alone. */
export class MlflowClient {
  readonly transport: Transport;

  constructor(
    readonly address: Address,
    patience: Patience = PATIENT,
    signal?: AbortSignal,
  ) {
    this.transport = new Transport(address, patience, signal);
  }

  /** Ends all connections. */
  close(): Promise<void> {
    return this.transport.close();
  }

  /** Resolves if an MLflow server answers and grants access. */
  async ping(): Promise<void> {
    const query = { max_results: "1" };
    await this.#call("GET", "/experiments/search", { query }, "asking for MLflow");
  }

  /** The experiment of a name, or null. */
  async experiment(name: string): Promise<ExperimentInfo | null> {
    try {
      const answer = await this.#call<{ experiment: RawExperiment }>(
        "GET",
        "/experiments/get-by-name",
        { query: { experiment_name: name } },
        `looking for the experiment "${name}"`,
      );
      return experimentOf(answer.experiment);
    } catch (error) {
      if (error instanceof MlflowFailure && error.kind === "missing") return null;
      throw error;
    }
  }

  /** Makes an experiment, or gives the existing one if another process made it first. */
  async createExperiment(name: string, tags: readonly KeyValue[]): Promise<ExperimentInfo> {
    try {
      const answer = await this.#call<{ experiment_id: string }>(
        "POST",
        "/experiments/create",
        { body: { name, tags } },
        `creating the experiment "${name}"`,
      );
      return { id: answer.experiment_id, deleted: false };
    } catch (error) {
      if (!(error instanceof MlflowFailure) || error.code !== "RESOURCE_ALREADY_EXISTS")
        throw error;
      const found = await this.experiment(name);
      if (found === null) throw error;
      return found;
    }
  }

  /** Takes an experiment back out of MLflow's trash. */
  async restoreExperiment(id: string): Promise<void> {
    const body = { experiment_id: id };
    await this.#call("POST", "/experiments/restore", { body }, "restoring the experiment");
  }

  /** Ids of all experiments that are not deleted. */
  async experimentIds(): Promise<string[]> {
    const ids: string[] = [];
    let token: string | undefined;
    do {
      const answer = await this.#call<{
        experiments?: { experiment_id: string }[];
        next_page_token?: string;
      }>(
        "GET",
        "/experiments/search",
        { query: { max_results: "1000", ...(token === undefined ? {} : { page_token: token }) } },
        "listing experiments",
      );
      for (const one of answer.experiments ?? []) ids.push(one.experiment_id);
      token = answer.next_page_token === "" ? undefined : answer.next_page_token;
    } while (token !== undefined);
    return ids;
  }

  /** Creates a run. Not repeated by itself: an ambiguous failure may have made one. */
  async createRun(run: NewRun): Promise<Run> {
    const body = {
      experiment_id: run.experimentId,
      run_name: cleanText(run.name),
      start_time: whole(run.startTime),
      tags: run.tags,
    };
    const answer = await this.#call<{ run: RawRun }>(
      "POST",
      "/runs/create",
      { body, repeatable: false },
      "creating a run",
    );
    return runOf(answer.run);
  }

  /** A run with everything but the history of its metrics. */
  async run(id: string): Promise<Run> {
    const answer = await this.#call<{ run: RawRun }>(
      "GET",
      "/runs/get",
      { query: { run_id: id } },
      "reading a run",
    );
    return runOf(answer.run);
  }

  /** All runs (but deleted ones) that a filter of MLflow's finds. */
  async *searchRuns(experimentIds: readonly string[], filter: string): AsyncGenerator<Run> {
    let token: string | undefined;
    do {
      const answer = await this.#call<{ runs?: RawRun[]; next_page_token?: string }>(
        "POST",
        "/runs/search",
        {
          body: {
            experiment_ids: experimentIds,
            filter,
            run_view_type: "ACTIVE_ONLY",
            max_results: 500,
            // Oldest first: of two runs of one key the first made counts, for every reader.
            order_by: ["attributes.start_time ASC"],
            ...(token === undefined ? {} : { page_token: token }),
          },
        },
        "searching for runs",
      );
      for (const raw of answer.runs ?? []) yield runOf(raw);
      token = answer.next_page_token === "" ? undefined : answer.next_page_token;
    } while (token !== undefined);
  }

  /** Logs metrics, params and tags, in as many calls as MLflow's limits ask for. */
  async log(runId: string, all: Batch): Promise<void> {
    for (const batch of batchesOf(all)) {
      await this.#call("POST", "/runs/log-batch", { body: { run_id: runId, ...batch } }, "logging");
    }
  }

  /** Deletes a tag; does nothing if there is none. */
  async deleteTag(runId: string, key: string): Promise<void> {
    const body = { run_id: runId, key };
    try {
      await this.#call("POST", "/runs/delete-tag", { body }, "deleting a tag");
    } catch (error) {
      if (!(error instanceof MlflowFailure) || error.kind !== "missing") throw error;
    }
  }

  /** Says which data sets a run read. */
  async logDatasets(runId: string, inputs: readonly DatasetInput[]): Promise<void> {
    const datasets = inputs.map(rawDataset);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#call(
          "POST",
          "/runs/log-inputs",
          { body: { run_id: runId, datasets } },
          "logging inputs",
        );
        return;
      } catch (error) {
        // Two runs that name a data set for the first time at once collide in MLflow's database;
        // the second try finds the row that the first one met.
        const collision =
          error instanceof MlflowFailure && /IntegrityError|UNIQUE|duplicate/i.test(error.message);
        if (!collision || attempt === 4) throw error;
        await sleep(50 * attempt);
      }
    }
  }

  /** Sets a run's status; `endTime` in milliseconds since 1970, null for a run that goes on. */
  async setStatus(runId: string, status: RunStatus, endTime: number | null): Promise<void> {
    const body = {
      run_id: runId,
      status,
      ...(endTime === null ? {} : { end_time: whole(endTime) }),
    };
    const answer = await this.#call<{ run_info?: { status?: string } }>(
      "POST",
      "/runs/update",
      { body },
      "setting a run's status",
    );
    // An unknown status is answered with 200 and ignored.
    if (answer.run_info?.status !== status) {
      throw new MlflowFailure("refused", `MLflow did not take the status ${status}`);
    }
  }

  /** Moves a run to MLflow's trash. */
  async deleteRun(runId: string): Promise<void> {
    await this.#call("POST", "/runs/delete", { body: { run_id: runId } }, "deleting a run");
  }

  /** All points of one metric. */
  async history(runId: string, key: string): Promise<MetricPoint[]> {
    const points: MetricPoint[] = [];
    let token: string | undefined;
    do {
      const answer = await this.#call<{ metrics?: RawMetric[]; next_page_token?: string }>(
        "GET",
        "/metrics/get-history",
        {
          query: {
            run_id: runId,
            metric_key: key,
            ...(token === undefined ? {} : { page_token: token }),
          },
        },
        "reading a metric's history",
      );
      points.push(...(answer.metrics ?? []).map(pointOf));
      token = answer.next_page_token === "" ? undefined : answer.next_page_token;
    } while (token !== undefined);
    return points;
  }

  async #call<T>(
    method: "GET" | "POST",
    path: string,
    options: { query?: Record<string, string>; body?: unknown; repeatable?: boolean },
    what: string,
  ): Promise<T> {
    const text = await this.transport.send({ method, path: API + path, ...options, what });
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new MlflowFailure(
        "foreign",
        `${what}: the server there does not answer as MLflow does`,
      );
    }
  }
}
