import { printJson } from "../base/terminal.js";
import type { CommandModule } from "yargs";
import { ExitCode } from "../base/exit.js";
import type { Science } from "../contract/science.js";
import { loadSpec } from "../spec/index.js";
import { showDiagnostics } from "./experiment.js";

interface Arguments {
  readonly file: string;
  readonly json: boolean;
}

/** `r4ec validate FILE`: every mistake of a spec; writes nothing. */
export const validateCommand = (science: Science): CommandModule<object, Arguments> => ({
  command: "validate <file>",
  describe: "Check a spec and show every mistake in it",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "The spec" })
      .option("json", { type: "boolean", default: false, describe: "Print the result as JSON" }),
  async handler({ file, json }) {
    const spec = await loadSpec(file, science);
    const diagnostics = spec.ok ? spec.value.diagnostics : spec.error;
    if (!spec.ok) process.exitCode = ExitCode.usage;
    if (json) {
      return printJson({ ok: spec.ok, diagnostics });
    }
    await showDiagnostics(diagnostics);
    if (!spec.ok) return;
    const { cells } = spec.value;
    process.stdout.write(
      `${file} is valid: ${cells.length} cell${cells.length === 1 ? "" : "s"}\n`,
    );
  },
});
