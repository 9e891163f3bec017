import type { CommandModule } from "yargs";
import type { ConfigFlags } from "../config-load.js";
import { ExitCode, UserError } from "../exit.js";
import type { Part } from "../toolchain/index.js";
import { PARTS, ensure } from "../toolchain/index.js";
import { showSetup } from "../toolchain/show.js";
import { commandConfig } from "./settings.js";

interface Arguments extends ConfigFlags {
  readonly only: readonly Part[] | undefined;
  readonly json: boolean;
}

/** What one part came to. */
interface PartOutcome {
  readonly part: Part;
  readonly ok: boolean;
  readonly message: string | null;
  readonly hint: string | null;
  readonly seconds: number;
}

/** Without `--only`: what every sweep needs. The LLM environment is large, and not all want it. */
const USUAL: readonly Part[] = ["tensorflow", "tracking"];

/** `r4ec setup`: installs the toolchain's parts. */
export const setupCommand = (): CommandModule<object, Arguments> => ({
  command: "setup",
  describe: "Install what sweeps need: TensorFlow, MLflow, LLaMA-Factory",
  builder: (yargs) =>
    yargs
      .option("only", {
        type: "string",
        describe: `Parts to install, of ${PARTS.join(", ")}; default ${USUAL.join(",")}`,
        coerce: (text: string | undefined) => (text === undefined ? undefined : partsOf(text)),
      })
      .option("json", { type: "boolean", default: false, describe: "Print the result as JSON" }),
  async handler({ only, json, ...flags }) {
    const config = await commandConfig(flags);
    const display = showSetup();
    const interrupted = new AbortController();
    const interrupt = (): void => interrupted.abort(new Interrupted());
    process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
    try {
      const outcomes = await Promise.all(
        (only ?? USUAL).map((part) => install(part, config, display.say, interrupted.signal)),
      );
      display.close();
      report(outcomes, config.toolchain.value, json);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      throw new UserError("interrupted", {
        exitCode: ExitCode.interrupted,
        hint: "r4ec setup again goes on where this stopped",
      });
    } finally {
      display.close();
      process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    }
  },
});

class Interrupted extends Error {}

function partsOf(text: string): readonly Part[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !PARTS.some((part) => part === name));
  if (unknown.length > 0) {
    throw new UserError(`--only knows no ${unknown.join(", ")}: the parts are ${PARTS.join(", ")}`);
  }
  return names as Part[];
}

async function install(
  part: Part,
  config: Parameters<typeof ensure>[1],
  say: Parameters<typeof ensure>[2],
  signal: AbortSignal,
): Promise<PartOutcome> {
  const started = performance.now();
  const outcome = await ensure([part], config, say, signal);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  if (outcome.ok) return { part, ok: true, message: null, hint: null, seconds };
  const { message, hint = null } = outcome.error;
  return { part, ok: false, message, hint, seconds };
}

function report(outcomes: readonly PartOutcome[], toolchain: string, json: boolean): void {
  const fine = outcomes.every((outcome) => outcome.ok);
  if (!fine) process.exitCode = ExitCode.environment;
  if (json) {
    const result = { ok: fine, toolchain, parts: outcomes };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  for (const { part, ok, message, hint, seconds } of outcomes) {
    if (ok) {
      process.stdout.write(`${part}: ready${seconds >= 1 ? ` after ${seconds} s` : ""}\n`);
    } else {
      process.stderr.write(`${part}: ${message}\n${hint === null ? "" : `  ${hint}\n`}`);
    }
  }
  if (fine) process.stdout.write(`in ${toolchain}; r4ec doctor checks it\n`);
}
