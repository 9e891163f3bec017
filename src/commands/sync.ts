import path from "node:path";
import type { CommandModule } from "yargs";
import { ExitCode, UserError } from "../base/exit.js";
import type { KnownSweep } from "../journal/index.js";
import { closeAbandoned, listSweeps, readSpecPlace, readSweep } from "../journal/index.js";
import type { Science } from "../contract/science.js";
import { jsonOutput, specOverrides } from "../contract/options.js";
import type { TrackingSummary } from "../tracking/index.js";
import type { GlobalArguments, OverrideArguments } from "./experiment.js";
import { configOf } from "./experiment.js";
import { findSweep } from "./find-sweep.js";
import { printJson, printLine, write } from "../base/terminal.js";

interface SyncArguments extends GlobalArguments, OverrideArguments {
  readonly sweep?: string | undefined;
  readonly json: boolean;
}

interface Synced {
  readonly sweep: string;
  readonly experiment: string | null;
  readonly summary: TrackingSummary | null;
}

/** `sync [SWEEP]`: sends MLflow what it lacks, and closes what a kill left open. */
export const syncCommand = (science: Science): CommandModule<object, SyncArguments> => ({
  command: "sync [sweep] [overrides..]",
  describe: "send to MLflow what it does not have yet, of one sweep or of all sweeps",
  builder: (yargs) =>
    yargs
      .positional("sweep", {
        type: "string",
        describe: "a spec's file, a sweep's id, or an experiment's name; default: all sweeps",
      })
      .positional("overrides", specOverrides)
      .option("json", jsonOutput),
  handler: async (args) => {
    const config = await configOf(args, args.sweep);
    await closeAbandoned(config.store.value);
    const sweeps =
      args.sweep === undefined
        ? await listSweeps(config.store.value)
        : [await findSweep(config, science, args.sweep, args.overrides)];
    const done: Synced[] = [];
    for (const known of sweeps) {
      const { sweep, experiment } = known;
      const one = {
        sweep,
        experiment,
        summary: await syncOne(args, known, config.store.value, science),
      };
      done.push(one);
      if (!args.json) await printLine(syncText(one));
    }
    if (args.json) await printJson({ sweeps: done.map(syncJson) });
    else if (done.length === 0) await printLine("there is no sweep to send");
    const pending = done.some(({ summary }) => summary === null || summary.outcome === "pending");
    process.exitCode = pending ? ExitCode.environment : ExitCode.done;
  },
});

async function syncOne(
  args: SyncArguments,
  known: KnownSweep,
  store: string,
  science: Science,
): Promise<TrackingSummary | null> {
  const { state } = await readSweep(known.folder);
  if (state === null) return null;
  const { resourcesOf, trackingOf } = await import("../spec/index.js");
  // The spec's own address counts, as it did in the sweep.
  const place = await readSpecPlace(known.folder);
  const config = await configOf(
    { ...args, store },
    {
      ...(place === null ? {} : { folder: path.dirname(place) }),
      file: state.specFile,
      resources: resourcesOf(state.resolved, science.cellsPerCard.setting),
      tracking: trackingOf(state.resolved),
    },
  );
  const { destinationOf, NOT_TRACKED, syncSweep } = await import("../tracking/index.js");
  const destination = destinationOf(config);
  if (!destination.ok) throw destination.error;
  // Of all sweeps, one whose spec turns tracking off has nothing to send.
  if (destination.value.kind === "off" && args.sweep === undefined) return NOT_TRACKED;
  if (destination.value.kind === "off") {
    throw new UserError("tracking is off, so there is no server to send to", {
      exitCode: ExitCode.usage,
      hint: "name a server: r4ec sync --mlflow-uri http://127.0.0.1:5000",
    });
  }
  return syncSweep({
    config,
    science,
    destination: destination.value,
    sweep: known.sweep,
    installing: ({ text, transient }) => {
      if (!transient) void write(process.stderr, `${text}\n`);
    },
  });
}

function syncText({ sweep, experiment, summary }: Synced): string {
  const name = `${experiment ?? "?"} ${sweep}`;
  if (summary === null) return `${name}: its journal cannot be read`;
  const problems = summary.problems.map((problem) => `\n  ${problem}`).join("");
  if (summary.outcome === "off") return `${name}: its tracking is off`;
  if (summary.outcome === "complete")
    return `${name}: complete, ${summary.runUrl ?? ""}${problems}`;
  return `${name}: not complete: ${summary.reason ?? "no answer"}${problems}`;
}

const syncJson = ({ sweep, experiment, summary }: Synced): unknown => ({
  sweep,
  experiment,
  outcome: summary?.outcome ?? "unreadable",
  url: summary?.runUrl ?? null,
  cells_url: summary?.cellsUrl ?? null,
  reason: summary?.reason ?? null,
  problems: summary?.problems ?? [],
});
