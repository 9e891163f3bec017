import type { CommandModule } from "yargs";
import { ExitCode, UserError } from "../base/exit.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { listSweeps, readSweep, sweepLockFile } from "../journal/index.js";
import type { Garbage } from "../store/collect.js";
import { findGarbage, removeGarbage } from "../store/collect.js";
import { Store, lockHolder, waitForLock } from "../store/index.js";
import type { GlobalArguments } from "./experiment.js";
import { configOf } from "./experiment.js";
import { formatTable } from "../base/table.js";
import { printJson, printLine } from "../base/terminal.js";
import { jsonOutput } from "../contract/options.js";

interface GcArguments extends GlobalArguments {
  readonly unreferenced: boolean;
  readonly verify: boolean;
  readonly "dry-run": boolean;
  readonly json: boolean;
}

/** `gc`: removes from the store what is not needed. */
export const gcCommand = (): CommandModule<object, GcArguments> => ({
  command: "gc",
  describe: "remove from the store what is not needed any more",
  builder: (yargs) =>
    yargs
      .option("unreferenced", {
        type: "boolean",
        default: false,
        describe: "also artifacts that are in no sweep of this store",
      })
      .option("verify", {
        type: "boolean",
        default: false,
        describe:
          "first read every byte of every artifact, and move damaged artifacts to quarantine",
      })
      .option("dry-run", { type: "boolean", default: false, describe: "remove nothing" })
      .option("json", jsonOutput),
  handler: async (args) => {
    const config = await configOf(args);
    const store = new Store(config.store.value);
    const damaged = args.verify ? await verifyAll(store, args["dry-run"]) : [];
    const keep = args.unreferenced ? await referenced(store.folder) : null;
    const garbage = await findGarbage(store, keep);
    if (!args["dry-run"]) await removeGarbage(store, garbage);
    if (args.json) await printJson({ removed: !args["dry-run"], garbage, damaged });
    else await printLine(asText(garbage, damaged, args["dry-run"]));
  },
});

interface Damaged {
  readonly fingerprint: Fingerprint;
  readonly reason: string;
}

async function verifyAll(store: Store, dryRun: boolean): Promise<Damaged[]> {
  const damaged: Damaged[] = [];
  for await (const fingerprint of store.fingerprints()) {
    const seen = await store.inspect(fingerprint, { thorough: true });
    if (seen.state !== "damaged") continue;
    damaged.push({ fingerprint, reason: seen.reason });
    if (dryRun) continue;
    const lock = await waitForLock(store.lockFile(fingerprint), "verify");
    const again = await store.inspect(fingerprint, { thorough: true });
    if (again.state === "damaged") await store.putAside(fingerprint, again);
    await lock.release();
  }
  return damaged;
}

/** Stages of all sweeps; a UserError where one of them cannot be known in full. */
async function referenced(store: string): Promise<Set<Fingerprint>> {
  const keep = new Set<Fingerprint>();
  for (const { sweep, folder } of await listSweeps(store)) {
    if ((await lockHolder(sweepLockFile(store, sweep))) !== null) {
      throw new UserError(`sweep ${sweep} is running, so gc --unreferenced cannot run now`, {
        exitCode: ExitCode.usage,
        hint: "stop the sweep, or wait until it ends",
      });
    }
    const { state, damage } = await readSweep(folder);
    if (state === null || damage.length > 0) {
      throw new UserError(`the journal of sweep ${sweep} cannot be read in full`, {
        exitCode: ExitCode.environment,
        hint: "it is not known which artifacts the sweep needs, so nothing was removed",
      });
    }
    for (const fingerprint of state.stages.keys()) keep.add(fingerprint);
  }
  return keep;
}

function asText(garbage: readonly Garbage[], damaged: readonly Damaged[], dry: boolean): string {
  const kinds = [...new Set(garbage.map((one) => one.kind))];
  const rows = kinds.map((kind) => {
    const all = garbage.filter((one) => one.kind === kind);
    const size = all.reduce((sum, one) => sum + one.size, 0);
    return [kind, String(all.length), bytesText(size)];
  });
  const total = garbage.reduce((sum, one) => sum + one.size, 0);
  return [
    ...damaged.map(({ fingerprint, reason }) => `damaged: ${fingerprint} (${reason})`),
    garbage.length === 0
      ? "nothing to remove"
      : `${dry ? "would remove" : "removed"} ${bytesText(total)}`,
    ...(rows.length === 0 ? [] : [formatTable(["what", "number", "size"], rows)]),
  ].join("\n");
}

function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
