import type { CommandModule } from "yargs";
import type { KnownSweep } from "../journal/index.js";
import { listSweeps, sweepLockFile } from "../journal/index.js";
import { ExitCode, UserError } from "../base/exit.js";
import { QueueSilent } from "../execute/cluster/queue.js";
import { cancelJobs, queuedJobs } from "../execute/cluster/queued.js";
import { requestStop } from "../execute/stop-request.js";
import type { Science } from "../contract/science.js";
import { knownSweep, specOverrides } from "../contract/options.js";
import type { LockHolder } from "../store/index.js";
import { hostName, lockHolder } from "../store/index.js";
import type { GlobalArguments, OverrideArguments } from "./experiment.js";
import { configOf } from "./experiment.js";
import { findSweep } from "./find-sweep.js";
import { printLine } from "../base/terminal.js";

interface StopArguments extends GlobalArguments, OverrideArguments {
  readonly sweep?: string | undefined;
  readonly now: boolean;
  readonly all: boolean;
}

/** `stop [SWEEP]`: asks a running sweep to stop, as Ctrl-C does, and waits until it has. */
export const stopCommand = (science: Science): CommandModule<object, StopArguments> => ({
  command: "stop [sweep] [overrides..]",
  describe:
    "stop a running sweep, on this or another machine, at the next checkpoint of each stage",
  builder: (yargs) =>
    yargs
      .positional("sweep", knownSweep)
      .positional("overrides", specOverrides)
      .option("now", {
        type: "boolean",
        default: false,
        describe: "stop at once, without waiting for checkpoints",
      })
      .option("all", { type: "boolean", default: false, describe: "all sweeps of the store" }),
  handler: async (args) => {
    const config = await configOf(args, args.sweep);
    const store = config.store.value;
    const running: { sweep: KnownSweep; holder: LockHolder | null }[] = [];
    const among =
      args.sweep === undefined
        ? await listSweeps(store)
        : [await findSweep(config, science, args.sweep, args.overrides)];
    for (const sweep of among) {
      const holder = await lockHolder(sweepLockFile(store, sweep.sweep));
      // Jobs of a cluster go on without the process that submitted them.
      if (holder !== null || (await hasJobs(sweep.folder))) running.push({ sweep, holder });
    }
    if (running.length === 0) {
      await printLine(args.sweep === undefined ? "no sweep is running" : "it is not running");
      return;
    }
    if (running.length > 1 && !args.all) {
      const names = running.map(({ sweep }) => `${sweep.experiment ?? "?"} (${sweep.sweep})`);
      throw new UserError(`${running.length} sweeps are running: ${names.join(", ")}`, {
        exitCode: ExitCode.usage,
        hint: "name one, or stop them all with --all",
      });
    }
    for (const { sweep, holder } of running) {
      const name = sweep.experiment ?? sweep.sweep;
      if (holder === null) {
        process.stderr.write(`${name} is run by no process; its jobs are asked to stop\n`);
        continue;
      }
      await requestStop(sweep.folder, args.now ? "now" : "drain");
      const where = `process ${holder.pid} on ${hostName(holder.host)}`;
      process.stderr.write(`${name} (${where}) is asked to stop\n`);
    }
    for (const { sweep, holder } of running) {
      if (holder === null) await cancelJobs(sweep.folder, args.now ? "now" : "drain");
      else await untilReleased(sweepLockFile(store, sweep.sweep), holder);
      await printLine(`${sweep.experiment ?? sweep.sweep} has stopped`);
    }
  },
});

async function untilReleased(file: string, holder: LockHolder): Promise<void> {
  for (;;) {
    const now = await lockHolder(file);
    if (now === null || now.token !== holder.token) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whether a sweep has jobs in a cluster's queue. */
const hasJobs = (sweepFolder: string): Promise<boolean> =>
  queuedJobs(sweepFolder).then(
    (jobs) => jobs.length > 0,
    (error: unknown) => {
      if (!(error instanceof QueueSilent)) throw error;
      throw new UserError("the cluster does not answer, so its jobs cannot be stopped", {
        exitCode: ExitCode.environment,
        hint: "try again later",
      });
    },
  );
