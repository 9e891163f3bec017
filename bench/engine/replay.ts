import { ExitCode } from "../../src/base/exit.js";
import { readSweep } from "../../src/journal/read.js";

/** One process of the benchmark of the journal: folds the journal of a sweep's folder, as each command does. */
const { state, damage } = await readSweep(process.argv[2]!);
if (state?.status !== "done" || damage.length > 0) process.exitCode = ExitCode.bug;
