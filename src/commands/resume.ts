import type { CommandModule } from "yargs";
import { ExitCode, UserError } from "../base/exit.js";
import { sweepIdOf } from "../base/fingerprint.js";
import { readSpecPlace, readSweep } from "../journal/index.js";
import type { Science } from "../contract/science.js";
import { knownSweep, specOverrides } from "../contract/options.js";
import type { OverrideArguments } from "./experiment.js";
import { loadExperiment, configOf } from "./experiment.js";
import { findSweep } from "./find-sweep.js";
import type { SweepArguments } from "./sweep.js";
import { sweepExperiment, sweepOptions } from "./sweep.js";

/** `resume [SWEEP]`: `sweep` again, for a sweep that the store knows. */
export const resumeCommand = (
  science: Science,
  scienceModule: string,
): CommandModule<
  object,
  SweepArguments & OverrideArguments & { readonly sweep?: string | undefined }
> => ({
  command: "resume [sweep] [overrides..]",
  describe:
    "continue a sweep that was stopped: the last one, or the one with this spec, name or id",
  builder: (yargs) =>
    sweepOptions(yargs.positional("sweep", knownSweep).positional("overrides", specOverrides)),
  handler: async (args) => {
    const config = await configOf(args, args.sweep);
    const known = await findSweep(config, science, args.sweep, args.overrides);
    const file = await readSpecPlace(known.folder);
    if (file === null) {
      throw new UserError(`it is not known where the spec file of ${known.sweep} is`, {
        exitCode: ExitCode.usage,
        hint: "run r4ec sweep FILE",
      });
    }
    const { state } = await readSweep(known.folder);
    // Without them the spec is another one.
    const overrides = args.overrides?.length
      ? args.overrides
      : (state?.composition?.overrides ?? []);
    const experiment = await loadExperiment(file, science, overrides);
    const sweep = sweepIdOf(
      experiment.name,
      experiment.cells.map((cell) => cell.id),
    );
    if (sweep !== known.sweep) {
      throw new UserError(`${file} has changed since: its cells are now those of sweep ${sweep}`, {
        exitCode: ExitCode.usage,
        hint: `run r4ec sweep ${file}; what both sweeps share is not done again`,
      });
    }
    // The store that holds the sweep, wherever the spec lies.
    const store = config.store.value;
    process.exitCode = await sweepExperiment(
      experiment,
      { ...args, store },
      { science, scienceModule },
    );
  },
});
