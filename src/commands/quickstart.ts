import path from "node:path";
import type { CommandModule } from "yargs";
import { ExitCode } from "../base/exit.js";
import type { Science } from "../contract/science.js";
import { jsonOutput, onlyCells, specOverrides } from "../contract/options.js";
import { packageFile } from "../base/package.js";
import type { OverrideArguments } from "./experiment.js";
import { loadExperiment } from "./experiment.js";
import type { SweepArguments } from "./sweep.js";
import { sweepExperiment } from "./sweep.js";
import { printLine } from "../base/terminal.js";

/** `r4ec quickstart`: the sweep of the science's first spec, as `r4ec sweep` runs it. */
export const quickstartCommand = (
  science: Science,
  scienceModule: string,
): CommandModule<object, SweepArguments & OverrideArguments> => ({
  command: "quickstart [overrides..]",
  describe: science.quickstart.describe,
  builder: (yargs) =>
    yargs
      .positional("overrides", specOverrides)
      .option("only", onlyCells)
      .option("dry-run", { type: "boolean", default: false, describe: "show what would run" })
      .option("json", jsonOutput),
  async handler(args) {
    const installed = packageFile(science.quickstart.spec);
    const relative = path.relative(process.cwd(), installed);
    // Messages name the spec as somebody standing here would.
    const file = relative.startsWith("..") ? installed : relative;
    const experiment = await loadExperiment(file, science, args.overrides);
    process.exitCode = await sweepExperiment(experiment, args, { science, scienceModule });
    if (args.json || args["dry-run"] || process.exitCode !== ExitCode.done) return;
    await printLine(
      `Next: copy ${file}, change the copy, and run r4ec sweep COPY (in a clone: npm run r4ec -- sweep COPY).`,
    );
  },
});
