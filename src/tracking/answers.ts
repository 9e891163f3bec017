import { isJsonObject } from "../base/json.js";
import type { KeyValue } from "./values.js";

/** A run as MLflow tells it. */
export interface Run {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: string;
  readonly deleted: boolean;
  readonly artifactUri: string;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly tags: ReadonlyMap<string, string>;
  readonly params: ReadonlyMap<string, string>;
  /** Each metric's last point; NaN comes as NaN. */
  readonly metrics: ReadonlyMap<string, MetricPoint>;
  /** The data sets that it read, each as {@link datasetKey} gives it. */
  readonly datasets: ReadonlySet<string>;
}

export interface ExperimentInfo {
  readonly id: string;
  readonly deleted: boolean;
}

export interface NewRun {
  readonly experimentId: string;
  readonly name: string;
  readonly startTime: number;
  readonly tags: readonly KeyValue[];
}

/** A data set that a run read, in MLflow's own terms. */
export interface DatasetInput {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  /** JSON in a string, as are schema and profile. */
  readonly source: string;
  readonly schema: string;
  readonly profile: string;
  /** What it was read for: `training`. */
  readonly context: string;
}

/** MLflow tells data sets apart by name and digest. */
export const datasetKey = ({ name, digest }: Pick<DatasetInput, "name" | "digest">): string =>
  JSON.stringify([name, digest]);

export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

/** A file or folder that a run has. */
export interface StoredFile {
  /** From the run's root, with forward slashes. */
  readonly path: string;
  readonly isFolder: boolean;
  /** Bytes. */
  readonly size: number;
}

/** An answer of MLflow's: a JSON object. */
export type Answer = { readonly [name: string]: unknown };

/** The answer that a body holds; undefined where it holds something else. */
export function answerOf(body: string): Answer | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

// Every reader below gives undefined for what has another form than MLflow's: a page of a proxy, the
// empty object, an answer to another question.

/** A list that MLflow leaves out where it is empty, read entry by entry. */
export function listOf<T>(
  value: unknown,
  read: (entry: unknown) => T | undefined,
): T[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return undefined;
  const entries = value.map(read);
  return entries.includes(undefined) ? undefined : (entries as T[]);
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** A number, which MLflow may send as text; what is left out is `missing`. NaN where it is none. */
const numberOf = (value: unknown, missing: number): number =>
  value === undefined
    ? missing
    : typeof value === "number" || typeof value === "string"
      ? Number(value)
      : NaN;

/** An experiment out of an answer. */
export function experimentOf(raw: unknown): ExperimentInfo | undefined {
  if (!isJsonObject(raw) || !isText(raw["experiment_id"])) return undefined;
  return { id: raw["experiment_id"], deleted: raw["lifecycle_stage"] === "deleted" };
}

function pairOf(raw: unknown): [string, string] | undefined {
  if (!isJsonObject(raw) || !isText(raw["key"])) return undefined;
  const value = raw["value"] ?? "";
  return typeof value === "string" ? [raw["key"], value] : undefined;
}

/** A point of a metric out of an answer. */
export function pointOf(raw: unknown): MetricPoint | undefined {
  if (!isJsonObject(raw) || !isText(raw["key"])) return undefined;
  const timestamp = numberOf(raw["timestamp"], 0);
  const step = numberOf(raw["step"], 0);
  // A value that is left out is 0, as everywhere in MLflow's format.
  const value = numberOf(raw["value"], 0);
  if (!Number.isInteger(timestamp) || !Number.isInteger(step)) return undefined;
  if (Number.isNaN(value) && raw["value"] !== "NaN") return undefined;
  return { key: raw["key"], value, timestamp, step };
}

function datasetOf(raw: unknown): string | undefined {
  const dataset = isJsonObject(raw) ? raw["dataset"] : undefined;
  if (!isJsonObject(dataset)) return undefined;
  const { name, digest } = dataset;
  return isText(name) && isText(digest) ? datasetKey({ name, digest }) : undefined;
}

/** A run out of an answer; what MLflow leaves out is empty. */
export function runOf(raw: unknown): Run | undefined {
  if (!isJsonObject(raw) || !isJsonObject(raw["info"])) return undefined;
  const { info, data = {}, inputs = {} } = raw;
  if (!isJsonObject(data) || !isJsonObject(inputs)) return undefined;
  const { run_id: id, experiment_id: experimentId } = info;
  const tags = listOf(data["tags"], pairOf);
  const params = listOf(data["params"], pairOf);
  const metrics = listOf(data["metrics"], pointOf);
  const datasets = listOf(inputs["dataset_inputs"], datasetOf);
  if (!isText(id) || !isText(experimentId)) return undefined;
  if (!tags || !params || !metrics || !datasets) return undefined;
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return {
    id,
    experimentId,
    name: text(info["run_name"]),
    status: text(info["status"]),
    deleted: info["lifecycle_stage"] === "deleted",
    artifactUri: text(info["artifact_uri"]),
    startTime: numberOf(info["start_time"], 0),
    endTime: info["end_time"] === undefined ? null : numberOf(info["end_time"], 0),
    tags: new Map(tags),
    params: new Map(params),
    metrics: new Map(metrics.map((point) => [point.key, point])),
    datasets: new Set(datasets),
  };
}

/** A file or folder out of a listing. */
export function fileOf(raw: unknown): StoredFile | undefined {
  if (!isJsonObject(raw) || !isText(raw["path"])) return undefined;
  const size = numberOf(raw["file_size"], 0);
  return Number.isNaN(size)
    ? undefined
    : { path: raw["path"], isFolder: raw["is_dir"] === true, size };
}

/** A data set in the form that MLflow takes. */
export const rawDataset = (input: DatasetInput): object => ({
  tags: [{ key: "mlflow.data.context", value: input.context }],
  dataset: {
    name: input.name,
    digest: input.digest,
    source_type: input.sourceType,
    source: input.source,
    schema: input.schema,
    profile: input.profile,
  },
});
