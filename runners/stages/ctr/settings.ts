import type { JsonObject } from "../../../src/base/json.js";
import type { AdaptorShape } from "./model.js";

/** Parameters of a CTR stage: what decides its result, beside its inputs and files. */
export interface CtrParams {
  /** A backbone's id, or null for the user's own module (its file is the input `backbone`). */
  readonly backbone: string | null;
  readonly seed: number;
  readonly embedding_dim: number;
  readonly history_length: number;
  readonly batch_size: number;
  readonly learning_rate: number;
  readonly weight_decay: number;
  readonly dropout: number;
  readonly clip_norm: number;
  readonly epochs: number;
  readonly patience: number;
  readonly schedule: "cosine" | "constant";
  readonly warmup: number;
  readonly mlp: readonly number[];
  /** Null without knowledge. */
  readonly adaptor: {
    readonly type: AdaptorShape["type"];
    readonly shared_experts: number;
    readonly specific_experts: number;
    readonly layers: readonly number[];
  } | null;
  readonly pick: "valid" | "test";
  /** The backbone's own options, complete. */
  readonly options: { readonly [name: string]: unknown };
  /**
   * With `ctr.fuse: off`, the settings beside it that float rounding depends on: a result for bit-equal
   * reruns stands apart from those of cells that train together.
   */
  readonly exact?: Pick<CtrExecution, "engine" | "xla">;
}

/** How a CTR stage runs, without changing what comes out beyond float rounding. */
export interface CtrExecution {
  readonly fuse: "auto" | "off" | number;
  readonly engine: "auto" | "graph" | "eager";
  readonly xla: "auto" | boolean;
}

/** A stage's parameters, typed. The schema and {@link ctrStage} have seen to their form. */
export const paramsOf = (params: JsonObject): CtrParams => params as unknown as CtrParams;

/** A stage's execution settings, with defaults for what is left out. */
export function executionOf(execution: JsonObject): CtrExecution {
  const given = execution as Partial<CtrExecution>;
  return {
    fuse: given.fuse ?? "auto",
    engine: given.engine ?? "auto",
    xla: given.xla ?? "auto",
  };
}

/** Parameters that replicas of one graph may differ in. */
const perReplica = new Set<string>([
  "seed",
  "learning_rate",
  "weight_decay",
  "dropout",
  "clip_norm",
  "epochs",
  "patience",
  "schedule",
  "warmup",
]);

/** The parameters that all replicas of one graph share. */
export function sharedParams(params: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !perReplica.has(name)));
}
