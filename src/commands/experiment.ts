import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { Config } from "../config/config.js";
import type { ConfigFlags, SpecOfMachines } from "../config/load.js";
import type { Diagnostic } from "../base/diagnostic.js";
import { ExitCode, UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import type { Science } from "../contract/science.js";
import type { Experiment } from "../spec/index.js";
import { colours, write } from "../base/terminal.js";

/** The options that every command has, as yargs gives them. */
export interface GlobalArguments {
  readonly store?: string | undefined;
  readonly toolchain?: string | undefined;
  readonly "mlflow-uri"?: string | undefined;
  readonly gpus?: string | undefined;
  readonly offline?: boolean | undefined;
  /** The spec, for commands that name it so. */
  readonly file?: string | undefined;
}

const flagsOf = (args: GlobalArguments): ConfigFlags => ({
  store: args.store,
  toolchain: args.toolchain,
  mlflowUri: args["mlflow-uri"],
  gpus: args.gpus,
  offline: args.offline,
});

/** Shows diagnostics on stderr. */
export async function showDiagnostics(diagnostics: readonly Diagnostic[]): Promise<void> {
  if (diagnostics.length === 0) return;
  const { renderDiagnostic } = await import("../spec/index.js");
  const paint = colours(process.stderr);
  const texts = new Map<string, string | null>();
  for (const one of diagnostics) {
    if (!texts.has(one.file))
      texts.set(one.file, await readFile(one.file, "utf8").catch(() => null));
    const shown = renderDiagnostic(one, texts.get(one.file)!, {
      error: paint.red,
      warning: paint.yellow,
      hint: paint.cyan,
      dim: paint.dim,
    });
    await write(process.stderr, `${shown}\n`);
  }
}

/** Shows what was found; an error among it ends the command with exit status 2. */
export async function showOrRefuse(diagnostics: readonly Diagnostic[]): Promise<void> {
  if (diagnostics.some(({ severity }) => severity === "error")) await refuse(diagnostics);
  await showDiagnostics(diagnostics);
}

/** Ends the command with exit status 2, after the diagnostics have been shown. */
async function refuse(diagnostics: readonly Diagnostic[]): Promise<never> {
  await showDiagnostics(diagnostics);
  const errors = diagnostics.filter((one) => one.severity === "error").length;
  throw new UserError(errors === 1 ? "" : `${errors} errors`, { exitCode: ExitCode.usage });
}

/** A mistake of `sweep` on this machine, as a warning of a command that runs nothing. */
export const notHere = (mistake: Diagnostic): Diagnostic => ({
  ...mistake,
  severity: "warning",
  message: `sweep would not run here: ${mistake.message}`,
});

const saidOnce = new Set<string>();

/** The user-level settings under this call's flags, or the mistakes in them. */
export async function readConfig(
  args: GlobalArguments,
  spec?: SpecOfMachines,
  specFolder?: string,
): Promise<Result<Config, readonly Diagnostic[]>> {
  const { loadConfig } = await import("../config/load.js");
  return loadConfig({
    cwd: process.cwd(),
    flags: flagsOf(args),
    specFolder,
    ...(spec === undefined ? {} : { spec }),
  });
}

/** The folder of the spec that a word of a call names; undefined where it names no file. */
async function folderOf(word: string | undefined): Promise<string | undefined> {
  const info = word === undefined ? null : await stat(word).catch(() => null);
  return info?.isFile() === true ? path.dirname(path.resolve(word!)) : undefined;
}

/**
 * The same; mistakes end the command. Says on stderr which store the command uses.
 *
 * @param spec the spec that the command has read, or the word of the call that may name one
 */
export async function configOf(
  args: GlobalArguments,
  spec?: SpecOfMachines | string,
  { quiet = false } = {},
): Promise<Config> {
  const loaded =
    typeof spec === "string"
      ? await readConfig(args, undefined, await folderOf(spec))
      : await readConfig(args, spec);
  if (!loaded.ok) return refuse(loaded.error);
  for (const line of loaded.value.passedOver) {
    if (!saidOnce.has(line)) await write(process.stderr, `${line}\n`);
    saidOnce.add(line);
  }
  const { store } = loaded.value;
  if (!quiet) await sayStore(store);
  // Stages and workers know the store by its absolute path.
  return { ...loaded.value, store: { ...store, value: path.resolve(store.value) } };
}

/** The settings on the command line, as yargs gives them. */
export interface OverrideArguments {
  readonly overrides?: readonly string[] | undefined;
}

/** Says which store is used and what chose it, once a call. */
async function sayStore({ value, origin }: Config["store"]): Promise<void> {
  const folder = path.resolve(value);
  const why = origin.name === null ? "" : ` (${origin.name})`;
  const known = `store ${folder}`;
  if (!saidOnce.has(known)) await write(process.stderr, `store: ${folder}${why}\n`);
  saidOnce.add(known);
}

/** Reads a spec; mistakes in it end the command, warnings are shown. */
export async function loadExperiment(
  file: string,
  science: Science,
  overrides: readonly string[] = [],
  withoutData = false,
): Promise<Experiment> {
  const { loadSpec } = await import("../spec/index.js");
  const loaded = loadSpec(file, science, { overrides, withoutData });
  if (!loaded.ok) return refuse(loaded.error);
  await showDiagnostics(loaded.value.diagnostics);
  return loaded.value;
}
