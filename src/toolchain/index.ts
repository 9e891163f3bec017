import type { Config } from "../config.js";
import { ExitCode, UserError } from "../exit.js";
import type { Result } from "../result.js";
import { err, ok } from "../result.js";
import type { ToolchainPaths } from "../runner.js";
import type { Part, PythonEnvironment, Say } from "./part.js";

export type { Part, PythonEnvironment, Say, SetupMessage } from "./part.js";
export { PARTS } from "./part.js";

/** Parts that are installed and seen to work. */
export interface ReadyToolchain {
  /** Variables that worker processes need beside process.env (R4EC_TFJS_BINDING, ...). */
  readonly environment: { readonly [name: string]: string };
  readonly paths: ToolchainPaths;
}

/** The settings that say where the toolchain lives and whether the network may be used. */
export type ToolchainConfig = Pick<Config, "toolchain" | "offline">;

/**
 * Makes sure that the parts are installed, installing what is missing; parts are installed side by
 * side. Cheap where everything is there (a few milliseconds a part). Errors: no Python, no
 * network, no space, offline with a part missing; each says how to mend it, exit status 3.
 */
export async function ensure(
  parts: readonly Part[],
  config: ToolchainConfig,
  say: Say,
): Promise<Result<ReadyToolchain, UserError>> {
  void config;
  void say;
  const binding = process.env["R4EC_TFJS_BINDING"];
  if (parts.some((part) => part !== "tensorflow") || binding === undefined) {
    return err(
      new UserError("only a binding named by R4EC_TFJS_BINDING can be used yet", {
        exitCode: ExitCode.environment,
      }),
    );
  }
  return ok({ environment: { R4EC_TFJS_BINDING: binding }, paths: { llmEnvironment: null } });
}

/**
 * The Python environment that holds MLflow, installed where it is missing. An error where there is
 * none to be had (no Python, no network): its message says why, and a sweep goes on without.
 */
export async function trackingEnvironment(
  config: ToolchainConfig,
  say: Say,
): Promise<Result<PythonEnvironment, UserError>> {
  void config;
  void say;
  return err(
    new UserError("the tracking environment cannot be installed yet", {
      exitCode: ExitCode.environment,
    }),
  );
}
