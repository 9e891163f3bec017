import type { Config } from "./config.js";
import type { Diagnostic } from "./diagnostic.js";
import type { Result } from "./result.js";
import type { Experiment } from "./spec/index.js";

/** Flags that override settings; undefined where not given. */
export interface ConfigFlags {
  /** `--store`, as given; relative to the cwd. */
  readonly store?: string | undefined;
  /** `--toolchain` */
  readonly toolchain?: string | undefined;
  /** `--mlflow-uri` */
  readonly mlflowUri?: string | undefined;
  /** `--gpus`: `auto`, `none` or `0,1`. */
  readonly gpus?: string | undefined;
  /** `--offline` */
  readonly offline?: boolean | undefined;
}

export interface ConfigRequest {
  /** Absolute. */
  readonly cwd: string;
  readonly flags?: ConfigFlags;
  /** Its `resources.gpus` and `tracking.mlflow` override files, not the environment or flags. */
  readonly spec?: Pick<Experiment, "file" | "resources" | "tracking">;
  /** Default: process.env. */
  readonly environment?: { readonly [name: string]: string | undefined };
}

export type LoadConfig = (request: ConfigRequest) => Promise<Result<Config, readonly Diagnostic[]>>;

/** Finds and merges the user-level settings; every value says where it came from. */
export const loadConfig: LoadConfig = () => {
  throw new Error("being written");
};
