import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "./address.js";
import type {
  Answer,
  DatasetInput,
  ExperimentInfo,
  MetricPoint,
  NewRun,
  Run,
  StoredFile,
} from "./answers.js";
import { answerOf, experimentOf, fileOf, listOf, pointOf, rawDataset, runOf } from "./answers.js";
import { MlflowFailure } from "./failure.js";
import type { RunStatus } from "./run-status.js";
import type { Patience } from "./transport.js";
import { PATIENT, Transport } from "./transport.js";
import type { Batch, KeyValue } from "./values.js";
import { batchesOf, cleanText, whole } from "./values.js";

const API = "/api/2.0/mlflow";

/** Reads an answer that says nothing but that it was done. */
const anything = (answer: Answer): Answer => answer;
const experimentsIn = (answer: Answer): ExperimentInfo[] | undefined =>
  listOf(answer["experiments"], experimentOf);

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
    await this.#call("GET", "/experiments/search", { query }, "asking for MLflow", experimentsIn);
  }

  /** The experiment of a name, or null. */
  async experiment(name: string): Promise<ExperimentInfo | null> {
    try {
      return await this.#call(
        "GET",
        "/experiments/get-by-name",
        { query: { experiment_name: name } },
        `looking for the experiment "${name}"`,
        (answer) => experimentOf(answer["experiment"]),
      );
    } catch (error) {
      if (error instanceof MlflowFailure && error.kind === "missing") return null;
      throw error;
    }
  }

  /** Makes an experiment, or gives the existing one if another process made it first. */
  async createExperiment(name: string, tags: readonly KeyValue[]): Promise<ExperimentInfo> {
    try {
      return await this.#call(
        "POST",
        "/experiments/create",
        { body: { name, tags } },
        `creating the experiment "${name}"`,
        experimentOf,
      );
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
    await this.#call(
      "POST",
      "/experiments/restore",
      { body },
      "restoring the experiment",
      anything,
    );
  }

  /** Sets a tag of an experiment. */
  async setExperimentTag(id: string, { key, value }: KeyValue): Promise<void> {
    const body = { experiment_id: id, key, value };
    const what = "setting an experiment's tag";
    await this.#call("POST", "/experiments/set-experiment-tag", { body }, what, anything);
  }

  /** Ids of all experiments that are not deleted. */
  async experimentIds(): Promise<string[]> {
    const ids: string[] = [];
    const pages = this.#pages(
      (page) => ({ query: { max_results: "1000", ...page } }),
      ["GET", "/experiments/search", "listing experiments"],
      experimentsIn,
    );
    for await (const { id } of pages) ids.push(id);
    return ids;
  }

  /** Creates a run. Not repeated by itself: an ambiguous failure may have made one. */
  createRun(run: NewRun): Promise<Run> {
    const body = {
      experiment_id: run.experimentId,
      run_name: cleanText(run.name),
      start_time: whole(run.startTime),
      tags: run.tags,
    };
    return this.#call(
      "POST",
      "/runs/create",
      { body, repeatable: false },
      "creating a run",
      (answer) => runOf(answer["run"]),
    );
  }

  /** A run with everything but the history of its metrics. */
  run(id: string): Promise<Run> {
    return this.#call("GET", "/runs/get", { query: { run_id: id } }, "reading a run", (answer) => {
      const run = runOf(answer["run"]);
      return run?.id === id ? run : undefined;
    });
  }

  /** All runs (but deleted ones) that a filter of MLflow's finds. */
  searchRuns(experimentIds: readonly string[], filter: string): AsyncGenerator<Run> {
    return this.#pages(
      (page) => ({
        body: {
          experiment_ids: experimentIds,
          filter,
          run_view_type: "ACTIVE_ONLY",
          max_results: 500,
          // Oldest first: of two runs of one key the first made counts, for every reader.
          order_by: ["attributes.start_time ASC"],
          ...page,
        },
      }),
      ["POST", "/runs/search", "searching for runs"],
      (answer) => listOf(answer["runs"], runOf),
    );
  }

  /** Logs metrics, params and tags, in as many calls as MLflow's limits ask for. */
  async log(runId: string, all: Batch): Promise<void> {
    for (const batch of batchesOf(all)) {
      const body = { run_id: runId, ...batch };
      await this.#call("POST", "/runs/log-batch", { body }, "logging", anything);
    }
  }

  /** Deletes a tag; does nothing if there is none. */
  async deleteTag(runId: string, key: string): Promise<void> {
    const body = { run_id: runId, key };
    try {
      await this.#call("POST", "/runs/delete-tag", { body }, "deleting a tag", anything);
    } catch (error) {
      if (!(error instanceof MlflowFailure) || error.kind !== "missing") throw error;
    }
  }

  /** Says which data sets a run read. */
  async logDatasets(runId: string, inputs: readonly DatasetInput[]): Promise<void> {
    const body = { run_id: runId, datasets: inputs.map(rawDataset) };
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#call("POST", "/runs/log-inputs", { body }, "logging inputs", anything);
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
    const what = "setting a run's status";
    const now = await this.#call("POST", "/runs/update", { body }, what, ({ run_info: info }) => {
      const given = (info as { status?: unknown } | null | undefined)?.status;
      return typeof given === "string" ? given : undefined;
    });
    // An unknown status is answered with 200 and ignored.
    if (now !== status) {
      throw new MlflowFailure("refused", `MLflow did not take the status ${status}`);
    }
  }

  /** Moves a run to MLflow's trash. */
  async deleteRun(runId: string): Promise<void> {
    const body = { run_id: runId };
    await this.#call("POST", "/runs/delete", { body }, "deleting a run", anything);
  }

  /** All points of one metric. */
  async history(runId: string, key: string): Promise<MetricPoint[]> {
    const points: MetricPoint[] = [];
    const pages = this.#pages(
      (page) => ({ query: { run_id: runId, metric_key: key, ...page } }),
      ["GET", "/metrics/get-history", "reading a metric's history"],
      (answer) => listOf(answer["metrics"], pointOf),
    );
    for await (const point of pages) points.push(point);
    return points;
  }

  /** What lies in a folder of a run's artifacts; `folder` is empty for their root. */
  async artifacts(runId: string, folder: string): Promise<StoredFile[]> {
    const files: StoredFile[] = [];
    const pages = this.#pages(
      (page) => ({
        query: { run_id: runId, ...(folder === "" ? {} : { path: folder }), ...page },
      }),
      ["GET", "/artifacts/list", "listing artifacts"],
      (answer) =>
        typeof answer["root_uri"] === "string" ? listOf(answer["files"], fileOf) : undefined,
    );
    for await (const file of pages) files.push(file);
    return files;
  }

  /**
   * One page after another of a list; `ask` puts the page that is wanted into the request, `read` gives
   * the page's entries.
   */
  async *#pages<T>(
    ask: (page: { page_token?: string }) => { query?: Record<string, string>; body?: object },
    [method, path, what]: ["GET" | "POST", string, string],
    read: (answer: Answer) => T[] | undefined,
  ): AsyncGenerator<T> {
    const seen = new Set<string>();
    let token: string | undefined;
    do {
      const request = ask(token === undefined ? {} : { page_token: token });
      const page = await this.#call(method, path, request, what, (answer) => {
        const entries = read(answer);
        const next = answer["next_page_token"] ?? "";
        // A page that leads back to an earlier one has no end.
        if (entries === undefined || typeof next !== "string" || seen.has(next)) return undefined;
        return { entries, next };
      });
      yield* page.entries;
      token = page.next === "" ? undefined : page.next;
      if (token !== undefined) seen.add(token);
    } while (token !== undefined);
  }

  /** `read` gives undefined for an answer of another form than MLflow's. */
  #call<T>(
    method: "GET" | "POST",
    path: string,
    options: { query?: Record<string, string>; body?: unknown; repeatable?: boolean },
    what: string,
    read: (answer: Answer) => T | undefined,
  ): Promise<T> {
    return this.transport.send({ method, path: API + path, ...options, what }, (text) => {
      const answer = answerOf(text);
      return answer === undefined ? undefined : read(answer);
    });
  }
}
