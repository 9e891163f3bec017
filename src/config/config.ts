import type { SpecTracking } from "../spec/index.js";

/** Where a user-level setting came from, for `r4ec doctor`. */
export interface Origin {
  readonly kind: "flag" | "environment" | "spec" | "project" | "user" | "default";
  /** The file, variable or flag; null for a default. */
  readonly name: string | null;
}

/** Which files of artifacts are stored with MLflow's runs: `tracking.mlflow.artifacts`. */
export type ArtifactChoice = NonNullable<Exclude<SpecTracking["mlflow"], "off">["artifacts"]>;

/** A user-level setting with its origin. */
export interface Configured<T> {
  readonly value: T;
  readonly origin: Origin;
}

/**
 * User-level settings. A flag has priority over the environment, then come a spec, the project's
 * file, the user's file and the default.
 */
export interface Config {
  /**
   * Folder of artifacts, journals and the local MLflow's data. R4EC_STORE; default: `.r4ec` in the
   * project around the spec, else in the project around the cwd, else in the cwd.
   */
  readonly store: Configured<string>;
  /** Folder of TensorFlow, Python environments and downloads. R4EC_TOOLCHAIN; ~/.cache/r4ec. */
  readonly toolchain: Configured<string>;
  /** Address of an MLflow server; null: the local one; "off": none. R4EC_MLFLOW_URI, MLFLOW_TRACKING_URI. */
  readonly mlflowUri: Configured<string | null>;
  /** Files of artifacts that MLflow's runs hold where a spec does not say: small, all or none. */
  readonly mlflowArtifacts: Configured<ArtifactChoice>;
  /** GPUs to use. R4EC_GPUS. */
  readonly gpus: Configured<"auto" | readonly number[]>;
  /** Fetch nothing from the network; use only what is already on this machine. R4EC_OFFLINE. */
  readonly offline: Configured<boolean>;
  /**
   * Folders of Python environments that are there already, by the part of the toolchain that they
   * stand for. R4EC_<PART>_ENVIRONMENT.
   */
  readonly environments: { readonly [part: string]: Configured<string> };
  /** What was passed over, for people: a line each, without secrets. */
  readonly passedOver: readonly string[];
}
