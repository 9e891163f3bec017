import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { CommandModule } from "yargs";
import { ExitCode, UserError } from "../base/exit.js";
import { printJson, write } from "../base/terminal.js";
import type { Science } from "../contract/science.js";
import type { SweepState } from "../journal/index.js";
import type { TypedTable } from "../report/index.js";
import { readCurves, Store, writeDurable } from "../store/index.js";
import type { GlobalArguments } from "./experiment.js";
import { configOf } from "./experiment.js";
import { closeKilled } from "./find-sweep.js";
import { knownSweeps, openSweep, sweepWords } from "./open-sweep.js";

interface ResultsArguments extends GlobalArguments {
  readonly sweeps?: readonly string[] | undefined;
  readonly curves: boolean;
  readonly csv: boolean;
  readonly json: boolean;
  readonly parquet: boolean;
  readonly out?: string | undefined;
}

/** `results [SWEEPS..]`: every cell with its settings and metrics, or its curves, for other programs. */
export const resultsCommand = (science: Science): CommandModule<object, ResultsArguments> => ({
  command: "results [sweeps..]",
  describe:
    "write all cells of sweeps with settings and metrics, one row a cell, for other programs",
  builder: (yargs) =>
    yargs
      .positional("sweeps", knownSweeps)
      .option("curves", {
        type: "boolean",
        default: false,
        describe: "the curves instead: one row a cell and epoch",
      })
      .option("csv", {
        type: "boolean",
        default: false,
        describe: "as CSV (so it is without an option)",
      })
      .option("json", { type: "boolean", default: false, describe: "as JSON, an object a row" })
      .option("parquet", { type: "boolean", default: false, describe: "as Parquet" })
      .option("out", { type: "string", describe: "write into this file instead of to stdout" }),
  handler: async (args) => {
    if ([args.csv, args.json, args.parquet].filter(Boolean).length > 1) {
      throw new UserError("choose one of --csv, --json and --parquet");
    }
    if (args.parquet && args.out === undefined && process.stdout.isTTY) {
      throw new UserError("Parquet is nothing for a terminal: name a file with --out");
    }
    const named = await sweepWords(args.sweeps ?? []);
    const config = await configOf(args, named[0].word);
    await closeKilled(config, science);
    const states: SweepState[] = [];
    for (const one of named) {
      const { state, damage = [] } = await openSweep(one, config, science);
      for (const { line, reason } of damage) {
        const text = `line ${line} of the journal of sweep ${state.sweep} cannot be used (${reason}): results may be missing or old here`;
        await write(process.stderr, `warning: ${text}\n`);
        process.exitCode = ExitCode.environment;
      }
      states.push(state);
    }
    const table = await tableOf(states, args.curves, new Store(config.store.value));
    await give(table, args);
  },
});

async function tableOf(
  states: readonly SweepState[],
  curves: boolean,
  store: Store,
): Promise<TypedTable> {
  const { curvesOf, resultsOf } = await import("../report/index.js");
  if (!curves) return resultsOf(states);
  return curvesOf(states, async ({ record }) => {
    const { state } = await store.inspect(record.fingerprint);
    return state === "sound" ? readCurves(store.artifactFolder(record.fingerprint)) : null;
  });
}

async function give(table: TypedTable, { parquet, json, out }: ResultsArguments): Promise<void> {
  const { tableAsCsv, tableAsJson } = await import("../report/index.js");
  if (parquet) return giveParquet(table, out);
  if (out === undefined) {
    return json ? printJson(tableAsJson(table)) : write(process.stdout, tableAsCsv(table));
  }
  await writeDurable(
    out,
    json ? `${JSON.stringify(tableAsJson(table), null, 2)}\n` : tableAsCsv(table),
  );
}

/** A file appears under its name only once it is whole. */
async function giveParquet(table: TypedTable, out: string | undefined): Promise<void> {
  const { writeParquet } = await import("../report/index.js");
  const near = out === undefined ? tmpdir() : path.dirname(path.resolve(out));
  const folder = await mkdtemp(path.join(near, ".r4ec-results-"));
  try {
    const file = path.join(folder, "results.parquet");
    await writeParquet(table, file);
    if (out !== undefined) return await rename(file, out);
    const bytes = await readFile(file);
    await new Promise<void>((resolve) => process.stdout.write(bytes, () => resolve()));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
