import path from "node:path";
import type { Config } from "../config/config.js";
import { ExitCode, UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import type { PythonPart } from "../contract/python-part.js";
import type { ReadyToolchain } from "../contract/runner.js";
import { isDiskError } from "../base/errno.js";
import { TRACKING, installEnvironment } from "./environment.js";
import { useGiven } from "./given.js";
import { broken } from "./failure.js";
import type { Part, PythonEnvironment, Say } from "./parts.js";
import { Speaker } from "./setup-progress.js";
import type { InstallContext, ToolchainConfig } from "./install-context.js";
import { TENSORFLOW_VERSION } from "./flavour.js";
import { surroundingsOf } from "./surroundings.js";
import { findTensorFlow, givenBinding, installTensorFlow } from "./tensorflow.js";

export type { Part, PythonEnvironment, Say, SetupMessage } from "./parts.js";
export type { ToolchainConfig } from "./install-context.js";
export { givenBinding } from "./tensorflow.js";
export { surroundingsOf } from "./surroundings.js";

/** Title of the one part that is not a Python environment. */
const TENSORFLOW = `TensorFlow ${TENSORFLOW_VERSION}`;

/**
 * Makes sure that the parts are installed, installing what is missing; parts are installed side by
 * side. Cheap where everything is there (a few milliseconds a part). Errors: no Python, no network,
 * no space, offline with a part missing; each says how to repair it; exit status 3. Rejects only
 * with the signal's reason, or for a part that is not known.
 *
 * @param environments the Python environments that the science brings
 */
export async function ensure(
  parts: readonly Part[],
  environments: readonly PythonPart[],
  config: ToolchainConfig,
  say: Say,
  signal?: AbortSignal,
): Promise<Result<ReadyToolchain, UserError>> {
  const [strange] = strangeParts(config, environments);
  if (strange !== undefined) return err(strange.error);
  const outcomes = await Promise.all(
    [...new Set(parts)].map((part) => ensureOne(part, environments, config, say, signal)),
  );
  const variables: Record<string, string> = {};
  const folders: Record<string, string> = {};
  for (const outcome of outcomes) {
    if (!outcome.ok) return outcome;
    Object.assign(variables, outcome.value.environment);
    Object.assign(folders, outcome.value.paths.environments);
  }
  return ok({
    environment: variables,
    paths: { environments: folders },
    surroundings: await surroundingsOf(parts, environments, config),
  });
}

/** Parts that do not exist and that a setting names an environment for, each with its error. */
export function strangeParts(
  { environments: given = {} }: Pick<ToolchainConfig, "environments">,
  environments: readonly PythonPart[],
): readonly { readonly part: Part; readonly error: UserError }[] {
  const parts = [TRACKING, ...environments].map(({ part }) => part);
  const hint = `the parts are ${parts.join(", ")}`;
  return Object.entries(given)
    .filter(([part]) => !parts.includes(part))
    .map(([part, { origin }]) => {
      const message = `${origin.name ?? origin.kind} names an environment for ${part}, which is no part of the toolchain`;
      return { part, error: new UserError(message, { exitCode: ExitCode.usage, hint }) };
    });
}

type ReadyPart = Pick<ReadyToolchain, "environment" | "paths">;

async function ensureOne(
  name: Part,
  environments: readonly PythonPart[],
  config: ToolchainConfig,
  say: Say,
  signal?: AbortSignal,
): Promise<Result<ReadyPart, UserError>> {
  const context = contextOf(config, signal);
  const [part, use] = name.split(".") as [Part, string?];
  const plan = [TRACKING, ...environments].find((one) => one.part === part);
  if (plan === undefined && part !== "tensorflow") throw new Error(`there is no part ${part}`);
  const speaker = new Speaker(part, plan?.title ?? TENSORFLOW, say);
  return diskErrors(context.toolchain, async () => {
    if (plan !== undefined) {
      const given = config.environments?.[part];
      const found = await (given === undefined
        ? installEnvironment(plan, context, speaker)
        : useGiven(plan, use ?? null, given, speaker));
      if (!found.ok) return found;
      const { folder } = found.value;
      return ok({ environment: {}, paths: { environments: { [part]: folder } } });
    }
    const given = givenBinding();
    if (given !== null) return ok(variablesOnly({ R4EC_TFJS_BINDING: given }));
    const installed = await installTensorFlow(context, speaker);
    return installed.ok ? ok(variablesOnly(installed.value.environment)) : installed;
  });
}

const variablesOnly = (environment: ReadyToolchain["environment"]): ReadyPart => ({
  environment,
  paths: { environments: {} },
});

/** Variables with which TensorFlow loads, where it is installed; installs nothing. */
export async function installedVariables(
  config: Pick<Config, "toolchain">,
): Promise<ReadyToolchain["environment"] | null> {
  const given = givenBinding();
  if (given !== null) return { R4EC_TFJS_BINDING: given };
  return (await findTensorFlow(config.toolchain.value))?.environment ?? null;
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
  const speaker = new Speaker(TRACKING.part, TRACKING.title, say);
  const given = config.environments?.[TRACKING.part];
  return diskErrors(context.toolchain, () =>
    given === undefined
      ? installEnvironment(TRACKING, context, speaker)
      : useGiven(TRACKING, "server", given, speaker),
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
        "free some space, repair its permissions, or name another folder with R4EC_TOOLCHAIN",
      ),
    );
  }
}
