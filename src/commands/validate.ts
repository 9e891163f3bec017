import { printJson } from "../base/terminal.js";
import type { CommandModule } from "yargs";
import { ExitCode } from "../base/exit.js";
import type { Science } from "../contract/science.js";
import { jsonOutput, specFile, specOverrides } from "../contract/options.js";
import type { Diagnostic } from "../base/diagnostic.js";
import type { Experiment } from "../spec/index.js";
import { cardRemarks } from "./cards.js";
import type { GlobalArguments, OverrideArguments } from "./experiment.js";
import { readConfig, showDiagnostics } from "./experiment.js";

interface Arguments extends GlobalArguments, OverrideArguments {
  readonly file: string;
  readonly json: boolean;
}

/** What the machine, the settings under this call's options and the user's own code say to the spec. */
async function aboutThisMachine(
  experiment: Experiment,
  args: GlobalArguments,
  science: Science,
): Promise<readonly Diagnostic[]> {
  const config = await readConfig(args, experiment);
  if (!config.ok) return config.error;
  const remarks = await cardRemarks(experiment, config.value);
  if (science.tried === undefined) return remarks;
  const { kindsOfCells } = await import("../spec/index.js");
  const cells = [...kindsOfCells(experiment.cells)].map(({ settings }) => settings);
  const installed = async (): Promise<{ readonly [name: string]: string } | null> =>
    (await import("../toolchain/index.js")).installedVariables(config.value);
  return [...remarks, ...(await science.tried(cells, { folder: experiment.folder }, installed))];
}

/** `r4ec validate FILE`: every mistake of a spec; writes nothing. */
export const validateCommand = (science: Science): CommandModule<object, Arguments> => ({
  command: "validate <file> [overrides..]",
  describe: "Check a spec and show every mistake in it",
  builder: (yargs) =>
    yargs
      .positional("file", specFile)
      .positional("overrides", specOverrides)
      .option("json", jsonOutput),
  async handler(args) {
    const { file, json } = args;
    const { loadSpec } = await import("../spec/index.js");
    const spec = loadSpec(file, science, { overrides: args.overrides });
    const diagnostics = spec.ok
      ? [...spec.value.diagnostics, ...(await aboutThisMachine(spec.value, args, science))]
      : spec.error;
    const ok = diagnostics.every(({ severity }) => severity !== "error");
    if (!ok) process.exitCode = ExitCode.usage;
    if (json) return printJson({ ok, diagnostics });
    await showDiagnostics(diagnostics);
    if (!ok || !spec.ok) return;
    const { cells } = spec.value;
    process.stdout.write(
      `${file} is valid: ${cells.length} cell${cells.length === 1 ? "" : "s"}\n`,
    );
  },
});
