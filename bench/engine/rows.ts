import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Programs, Took } from "./commands.js";
import { measure, sweepCommand, writeSnakefile, writeSpec } from "./commands.js";
import { writeJournal } from "./journal.js";
import { mlflowRows } from "./mlflow.js";

/** A line of the table. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly other: string;
  readonly ratio: string;
}

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

async function times(rounds: number, run: () => Promise<Took>): Promise<readonly Took[]> {
  const took: Took[] = [];
  for (let round = 0; round < rounds; round++) took.push(await run());
  return took;
}

async function paired(
  what: string,
  rounds: number,
  programs: Programs,
  ours: readonly string[],
  other: readonly string[],
  there: string,
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<Row> {
  const pairs: { readonly mine: Took; readonly theirs: Took }[] = [];
  for (let round = 0; round < rounds; round++) {
    await before();
    const mine = await measure(programs, programs.folder, ours);
    pairs.push({ mine, theirs: await measure(programs, there, other) });
  }
  const ratios = (key: "wall" | "cpu"): string => {
    const all = pairs.map(({ mine, theirs }) => theirs[key] / mine[key]).sort((a, b) => a - b);
    const range = `${all[0]!.toFixed(1)} to ${all.at(-1)!.toFixed(1)}`;
    return `${middle(all).toFixed(1)} (${range})`;
  };
  return {
    what,
    ours: told(pairs.map(({ mine }) => mine)),
    other: told(pairs.map(({ theirs }) => theirs)),
    ratio: `${ratios("wall")}, CPU ${ratios("cpu")}`,
  };
}

const alone = (what: string, took: readonly Took[]): Row => ({
  ...{ what, ours: told(took), other: "", ratio: "" },
});

const middle = (sorted: readonly number[]): number => sorted[sorted.length >> 1]!;

/** Medians: seconds of the clock and of processors, and memory. */
function told(took: readonly Took[]): string {
  const median = (key: keyof Took): number =>
    middle(took.map((one) => one[key]).sort((a, b) => a - b));
  const megabytes = Math.round(median("bytes") / 1e6);
  return `${median("wall").toFixed(2)} s, CPU ${median("cpu").toFixed(2)} s, ${megabytes} MB`;
}
