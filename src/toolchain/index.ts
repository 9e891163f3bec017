import path from "node:path";
import type { Config } from "../config/config.js";
import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import type { ReadyToolchain } from "../contract/runner.js";
import { isDiskError } from "../base/durable.js";
import { LLM, TRACKING, installEnvironment } from "./environment.js";
import { broken } from "./failure.js";
import type { Part, PythonEnvironment, Say } from "./parts.js";
import { Speaker } from "./setup-progress.js";
import type { InstallContext } from "./install-context.js";
import { TENSORFLOW_VERSION, installTensorFlow } from "./tensorflow.js";

export type { Part, PythonEnvironment, Say, SetupMessage } from "./parts.js";

/** The settings that say where the toolchain lives and whether the network may be used. */
export type ToolchainConfig = Pick<Config, "toolchain" | "offline">;

const TITLES: { readonly [part in Part]: string } = {
  tensorflow: `TensorFlow ${TENSORFLOW_VERSION}`,
  tracking: TRACKING.contents,
  llm: "LLaMA-Factory 0.9.5",
};

/**
 * Makes sure that the parts are installed, installing what is missing; parts are installed side by
 * side. Cheap where everything is there (a few milliseconds a part). Errors: no Python, no
 * network, no space, offline with a part missing; each says how to mend it, exit status 3. Rejects
 * only with the signal's reason.
 */
export async function ensure(
  parts: readonly Part[],
  config: ToolchainConfig,
  say: Say,
  signal?: AbortSignal,
): Promise<Result<ReadyToolchain, UserError>> {
  const outcomes = await Promise.all(
    [...new Set(parts)].map((part) => ensureOne(part, config, say, signal)),
  );
  const environment: Record<string, string> = {};
  let llmEnvironment: string | null = null;
  for (const outcome of outcomes) {
    if (!outcome.ok) return outcome;
    Object.assign(environment, outcome.value.environment);
    llmEnvironment ??= outcome.value.paths.llmEnvironment;
  }
  return ok({ environment, paths: { llmEnvironment } });
}

async function ensureOne(
  part: Part,
  config: ToolchainConfig,
  say: Say,
  signal?: AbortSignal,
): Promise<Result<ReadyToolchain, UserError>> {
  const context = contextOf(config, signal);
  const speaker = new Speaker(part, TITLES[part], say);
  const ready = (
    environment: ReadyToolchain["environment"],
    llmEnvironment: string | null = null,
  ): Result<ReadyToolchain, UserError> => ok({ environment, paths: { llmEnvironment } });
  return diskErrors(context.toolchain, async () => {
    if (part === "tensorflow") {
      const given = givenBinding();
      if (given !== null) return ready({ R4EC_TFJS_BINDING: given });
      const installed = await installTensorFlow(context, speaker);
      return installed.ok ? ready(installed.value.environment) : installed;
    }
    const plan = part === "tracking" ? TRACKING : LLM;
    const installed = await installEnvironment(plan, context, speaker);
    if (!installed.ok) return installed;
    return ready({}, part === "llm" ? installed.value.folder : null);
  });
}

/** A binding that the user names (one built by the site, say) is used as it is. */
export function givenBinding(): string | null {
  const given = process.env["R4EC_TFJS_BINDING"];
  return given === undefined || given === "" ? null : path.resolve(given);
}

/**
 * The Python environment that holds MLflow, installed where it is missing. An error where there is
 * none to be had (no Python, no network): its message says why, and a sweep goes on without.
 */
export async function trackingEnvironment(
  config: ToolchainConfig,
  say: Say,
  signal?: AbortSignal,
): Promise<Result<PythonEnvironment, UserError>> {
  const context = contextOf(config, signal);
  return diskErrors(context.toolchain, () =>
    installEnvironment(TRACKING, context, new Speaker("tracking", TITLES.tracking, say)),
  );
}

const contextOf = (config: ToolchainConfig, signal?: AbortSignal): InstallContext => ({
  toolchain: path.resolve(config.toolchain.value),
  offline: config.offline.value,
  signal,
});

/** Turns a full, missing or read-only disk into an error for the user. */
async function diskErrors<T>(
  toolchain: string,
  work: () => Promise<Result<T, UserError>>,
): Promise<Result<T, UserError>> {
  try {
    return await work();
  } catch (error) {
    if (!isDiskError(error)) throw error;
    return err(
      broken(
        `the toolchain folder ${toolchain} cannot be used: ${error.message}`,
        "make room or mend its rights, or name another by R4EC_TOOLCHAIN",
      ),
    );
  }
}
