import type { ToolchainPart } from "../contract/runner.js";

/** Every part that can be installed: what runners ask for, and MLflow's server for tracking. */
export type Part = ToolchainPart;

/** What every sweep needs, whatever its science: `setup` installs these where no part is named. */
export const USUAL_PARTS: readonly Part[] = ["tensorflow", "tracking"];

/** A message of an installation in progress. */
export interface SetupMessage {
  readonly part: Part;
  /** One line, complete as it stands: `TensorFlow 2.21.0 (cpu): downloading, 120 of 261 MB`. */
  readonly text: string;
  /** True for a line that the next one of the same part replaces on a live display. */
  readonly transient: boolean;
}

export type Say = (message: SetupMessage) => void;

/** A Python environment of ours. */
export interface PythonEnvironment {
  /** Absolute folder of the environment. */
  readonly folder: string;
  /** Absolute path of its interpreter. */
  readonly python: string;
  /** Absolute folder of its programs (`mlflow`). */
  readonly programs: string;
  /** Variables to add to process.env for a program that runs in it: PATH, VIRTUAL_ENV. */
  readonly environment: { readonly [name: string]: string };
}
