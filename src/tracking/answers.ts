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
  readonly metrics: ReadonlyMap<string, { readonly value: number; readonly step: number }>;
  readonly datasets: number;
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

export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

/** As MLflow sends it, as are the other Raw types. Numbers may come as text. */
export interface RawExperiment {
  experiment_id: string;
  lifecycle_stage?: string;
}

export interface RawMetric {
  key: string;
  value: number | string;
  timestamp?: number | string;
  step?: number | string;
}

export interface RawRun {
  info: {
    run_id: string;
    experiment_id: string;
    run_name?: string;
    status?: string;
    lifecycle_stage?: string;
    artifact_uri?: string;
    start_time?: number | string;
    end_time?: number | string;
  };
  data?: { metrics?: RawMetric[]; params?: KeyValue[]; tags?: KeyValue[] };
  inputs?: { dataset_inputs?: unknown[] };
}

/** An experiment out of an answer. */
export const experimentOf = (raw: RawExperiment): ExperimentInfo => ({
  id: raw.experiment_id,
  deleted: raw.lifecycle_stage === "deleted",
});

const pairs = (list: readonly KeyValue[] | undefined): Map<string, string> =>
  new Map((list ?? []).map(({ key, value }) => [key, value ?? ""]));

/** A run out of an answer; what the answer lacks is empty. */
export const runOf = ({ info, data, inputs }: RawRun): Run => ({
  id: info.run_id,
  experimentId: info.experiment_id,
  name: info.run_name ?? "",
  status: info.status ?? "",
  deleted: info.lifecycle_stage === "deleted",
  artifactUri: info.artifact_uri ?? "",
  startTime: Number(info.start_time ?? 0),
  endTime: info.end_time === undefined ? null : Number(info.end_time),
  tags: pairs(data?.tags),
  params: pairs(data?.params),
  metrics: new Map(
    (data?.metrics ?? []).map((raw) => [
      raw.key,
      { value: Number(raw.value), step: Number(raw.step ?? 0) },
    ]),
  ),
  datasets: inputs?.dataset_inputs?.length ?? 0,
});

/** A point of a metric out of an answer. */
export const pointOf = ({ key, value, timestamp, step }: RawMetric): MetricPoint => ({
  key,
  value: Number(value),
  timestamp: Number(timestamp ?? 0),
  step: Number(step ?? 0),
});

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
