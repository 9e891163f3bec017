import type { Argv, CommandModule } from "yargs";
import { isDiskError } from "../base/errno.js";
import { ExitCode, UserError } from "../base/exit.js";
import type { Part, Say, ToolchainConfig } from "../toolchain/index.js";
import { USUAL_PARTS } from "../toolchain/parts.js";
import type { PythonPart } from "../contract/python-part.js";
import type { Science } from "../contract/science.js";
import { jsonOutput } from "../contract/options.js";
import type { GlobalArguments } from "./experiment.js";
import { configOf } from "./experiment.js";
import type { PackArguments } from "./setup-pack.js";
import { checkPackOptions, installFrom, packInto, packOptions } from "./setup-pack.js";
import { printJson, printLine, write } from "../base/terminal.js";

interface Arguments extends GlobalArguments, PackArguments {
  readonly only: string | undefined;
  readonly json: boolean;
}

/** What became of one part. */
interface PartOutcome {
  readonly part: Part;
  readonly ok: boolean;
  readonly message: string | null;
  readonly hint: string | null;
  readonly seconds: number;
}

/** `r4ec setup`: installs the toolchain's parts. */
export const setupCommand = (science: Science): CommandModule<object, Arguments> => ({
  command: "setup",
  describe: "install what sweeps need, or pack it for a machine without network",
  builder: (yargs) =>
    yargs
      .option("only", {
        type: "string",
        describe: `parts to install, of ${partsOf(science.environments).join(", ")}; default ${USUAL_PARTS.join(",")}`,
      })
      .options(packOptions(science))
      .option("json", jsonOutput) as Argv<Arguments>,
  async handler(args) {
    const { only, json, pack, from } = args;
    const { environments } = science;
    checkPackOptions(args, science);
    const parts = only === undefined ? USUAL_PARTS : namedParts(only, partsOf(environments));
    const config = await configOf(args, undefined, { quiet: true });
    const { showSetup } = await import("../toolchain/show.js");
    const display = showSetup();
    const interrupted = new AbortController();
    const interrupt = (): void => interrupted.abort(new Interrupted());
    process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
    try {
      const surroundings = { config, say: display.say, json, signal: interrupted.signal };
      if (pack !== undefined) return await packInto(pack, args, science, surroundings);
      if (from !== undefined) return await installFrom(from, science, surroundings);
      const outcomes = await Promise.all(
        parts.map((part) => install(part, environments, config, display.say, interrupted.signal)),
      );
      display.close();
      await report(outcomes, config.toolchain.value, json);
    } catch (error) {
      if (isDiskError(error)) throw failedDisk(error);
      if (!interrupted.signal.aborted) throw error;
      throw new UserError("interrupted", {
        exitCode: ExitCode.interrupted,
        hint: "run r4ec setup again: it continues where it stopped",
      });
    } finally {
      display.close();
      process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    }
  },
});

const failedDisk = (error: Error): UserError =>
  new UserError(`the disk: ${error.message}`, { exitCode: ExitCode.environment, cause: error });

class Interrupted extends Error {}

/** All parts: those of the engine, and those of the science, which are large and not always wanted. */
const partsOf = (environments: readonly PythonPart[]): readonly Part[] => [
  ...USUAL_PARTS,
  ...environments.map(({ part }) => part),
];

function namedParts(text: string, parts: readonly Part[]): readonly Part[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !parts.includes(name));
  if (unknown.length > 0) {
    throw new UserError(`--only knows no ${unknown.join(", ")}: the parts are ${parts.join(", ")}`);
  }
  return names;
}

async function install(
  part: Part,
  environments: readonly PythonPart[],
  config: ToolchainConfig,
  say: Say,
  signal: AbortSignal,
): Promise<PartOutcome> {
  const { ensure } = await import("../toolchain/index.js");
  const started = performance.now();
  const outcome = await ensure([part], environments, config, say, signal);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  if (outcome.ok) return { part, ok: true, message: null, hint: null, seconds };
  const { message, hint = null } = outcome.error;
  return { part, ok: false, message, hint, seconds };
}

async function report(
  outcomes: readonly PartOutcome[],
  toolchain: string,
  json: boolean,
): Promise<void> {
  const fine = outcomes.every((outcome) => outcome.ok);
  if (!fine) process.exitCode = ExitCode.environment;
  if (json) return printJson({ ok: fine, toolchain, parts: outcomes });
  for (const { part, ok, message, hint, seconds } of outcomes) {
    if (ok) await printLine(`${part}: ready${seconds >= 1 ? ` after ${seconds} s` : ""}`);
    else await write(process.stderr, `${part}: ${message}\n${hint === null ? "" : `  ${hint}\n`}`);
  }
  if (fine) await printLine(`in ${toolchain}; r4ec doctor checks it`);
}
