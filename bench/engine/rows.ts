import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Programs } from "./commands.js";
import { measure, sweepCommand, writeSnakefile, writeSpec } from "./commands.js";
import { writeJournal } from "./journal.js";
import { mlflowRows } from "./mlflow.js";
import { alone, paired, times, type Row } from "./paired.js";

/** How much is measured. */
interface Amounts {
  /** Where two programs are compared, they take turns so often. */
  readonly rounds: number;
  /** Runs that are sent to MLflow. */
  readonly runs: number;
}

/** The rows by name. */
export const rows: {
  readonly [name: string]: (programs: Programs, amounts: Amounts) => Promise<Row>;
} = {
  plan: async (programs, { rounds }) => {
    const { spec, store, there } = await place(programs, 10_000);
    const ours = sweepCommand(programs, spec, store, "--dry-run");
    const other = [programs.snakemake, "--dry-run", "--cores", String(programs.cores)];
    return paired("validate, expand and plan 10,000 cells", rounds, programs, ours, other, there);
  },
  run: async (programs, { rounds }) => {
    const { spec, store, there } = await place(programs, 200);
    const ours = sweepCommand(programs, spec, store);
    const other = [programs.snakemake, "--quiet", "all", "--cores", String(programs.cores)];
    const before = async (): Promise<void> => {
      await rm(store, { recursive: true, force: true });
      for (const name of ["cells", "base.txt", ".snakemake"])
        await rm(join(there, name), { recursive: true, force: true });
    };
    return paired("run 200 trivial stages", rounds, programs, ours, other, there, before);
  },
  again: async (programs, { rounds }) => {
    const { spec, store } = await place(programs, 1000);
    await rm(store, { recursive: true, force: true });
    await measure(programs, programs.folder, sweepCommand(programs, spec, store));
    const took = await times(rounds, () =>
      measure(programs, programs.folder, sweepCommand(programs, spec, store)),
    );
    return alone("run a finished sweep of 1,000 cells again", took);
  },
  "large-plan": async (programs, { rounds }) => {
    const { spec, store } = await place(programs, 100_000);
    const command = sweepCommand(programs, spec, store, "--dry-run");
    const took = await times(rounds, () => measure(programs, programs.folder, command));
    return alone("plan 100,000 cells", took);
  },
  "large-run": async (programs) => {
    const { spec, store } = await place(programs, 100_000);
    await rm(store, { recursive: true, force: true });
    const took = await measure(programs, programs.folder, sweepCommand(programs, spec, store));
    return alone("plan and run 100,000 cells", [took]);
  },
  journal: async (programs, { rounds }) => {
    const folder = join(programs.folder, "journal");
    const events = await writeJournal(folder, 1_000_000);
    const replay = fileURLToPath(new URL("./replay.js", import.meta.url));
    const took = await times(rounds, () =>
      measure(programs, programs.folder, [process.execPath, replay, folder]),
    );
    return alone(`replay a journal of ${events.toLocaleString("en")} events`, took);
  },
  mlflow: async (programs, { runs: all }) => {
    const { ours, other } = await mlflowRows(programs, { runs: all, slowRuns: 20 });
    const told = ({ runs, secondsPerRun }: typeof ours): string =>
      `${secondsPerRun.toFixed(3)} s a run (${runs} runs)`;
    const what = "send 20 epochs of 6 metrics to MLflow; other: a request a metric";
    const ratio = (other.secondsPerRun / ours.secondsPerRun).toFixed(1);
    return { what, ours: told(ours), other: told(other), ratio };
  },
};

/** The spec, the store and the Snakefile of so many cells. */
async function place(
  { folder }: Programs,
  cells: number,
): Promise<{ readonly spec: string; readonly store: string; readonly there: string }> {
  const there = join(folder, `snakemake-${cells}`);
  await mkdir(there, { recursive: true });
  await writeSnakefile(there, cells);
  return { spec: await writeSpec(folder, cells), store: join(folder, `store-${cells}`), there };
}
