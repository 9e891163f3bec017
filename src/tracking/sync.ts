import path from "node:path";
import type { Config } from "../config/config.js";
import type { Science } from "../contract/science.js";
import type { SweepId } from "../base/fingerprint.js";
import { readSweep, sweepFolder, sweepLockFile } from "../journal/index.js";
import { lockHolder, Store } from "../store/index.js";
import type { Say } from "../toolchain/index.js";
import { trackingEnvironment } from "../toolchain/index.js";
import type { Destination } from "./destination.js";
import { addressOf, destinationName } from "./destination.js";
import { readState, unfinished } from "./ledger.js";
import { sweepSummary } from "./summary.js";
import type { TrackingMessage, TrackingSummary } from "./tracking.js";
import { Tracker } from "./tracker.js";
import type { Patience } from "./transport.js";
import { PATIENT } from "./transport.js";

/** What tracking reads of the user-level settings beside the address. */
export type SyncConfig = Pick<Config, "store" | "toolchain" | "offline" | "mlflowArtifacts">;

export interface SyncOptions {
  readonly config: SyncConfig;
  readonly science: Science;
  readonly destination: Exclude<Destination, { kind: "off" }>;
  readonly sweep: SweepId;
  readonly say?: (message: TrackingMessage) => void;
  readonly installing?: Say;
  /** Milliseconds without progress after which it gives up; 60 s. */
  readonly patience?: number;
}

/**
 * Makes MLflow's runs of one sweep what the journal says: sends what is missing, compares every run
 * with the journal and sends again what differs, closes as KILLED what a kill left open, and makes
 * again the runs that somebody deleted there. What differs after that leaves the sweep pending.
 * Null where the sweep has no readable journal.
 */
export async function syncSweep(options: SyncOptions): Promise<TrackingSummary | null> {
  const { config, destination } = options;
  const store = path.resolve(config.store.value);
  return tell({
    ...options,
    store,
    request: PATIENT,
    thorough: true,
    address: (signal) =>
      addressOf(
        destination,
        store,
        () => trackingEnvironment(config, options.installing ?? (() => undefined), signal),
        signal,
      ),
    patience: options.patience ?? 60_000,
  });
}

/**
 * What every command does first, as far as it is quickly done: runs that a killed sweep left open
 * in MLflow are closed, and what it had not sent is sent. Servers that do not answer at once are
 * left for another time; nothing is started and nothing is said. Never throws.
 */
export async function closeLeftovers(
  config: SyncConfig,
  destination: Destination,
  science: Science,
  patience = 1500,
): Promise<readonly TrackingSummary[]> {
  if (destination.kind === "off") return [];
  const store = path.resolve(config.store.value);
  const name = destinationName(destination);
  const summaries: TrackingSummary[] = [];
  try {
    for (const left of await unfinished.list(store)) {
      if (left.destination !== name) continue;
      const sweep = left.sweep as SweepId;
      const folder = path.join(sweepFolder(store, sweep), "tracking", name);
      // All of it was sent, and something still differs: looking again takes time, which sync has.
      const state = await readState(folder);
      if (state?.clean === true && state.level === false) continue;
      if ((await lockHolder(path.join(folder, "lock"))) !== null) continue;
      const summary = await tell({
        config,
        destination,
        science,
        sweep,
        store,
        request: { timeout: patience, idle: patience, tries: 1, backoff: 100 },
        thorough: false,
        address: () => addressOf(destination, store, null),
        patience,
      });
      if (summary !== null) summaries.push(summary);
      if (summary?.outcome === "pending") break;
    }
  } catch {
    // The command at hand matters more; the next one tries again.
  }
  return summaries;
}

interface Telling extends Omit<SyncOptions, "installing" | "patience"> {
  readonly store: string;
  readonly request: Patience;
  readonly thorough: boolean;
  readonly address: ConstructorParameters<typeof Tracker>[0]["address"];
  readonly patience: number;
}

async function tell(telling: Telling): Promise<TrackingSummary | null> {
  const { store, sweep, destination, say } = telling;
  const folder = sweepFolder(store, sweep);
  const name = destinationName(destination);
  const running = await lockHolder(sweepLockFile(store, sweep));
  const experiment = await experimentName(folder, name);
  if (experiment === null) return null;
  const artifacts = new Store(store);
  const tracker = new Tracker({
    store,
    sweep,
    folder,
    experiment,
    destination: name,
    address: telling.address,
    artifacts,
    choice: telling.config.mlflowArtifacts.value,
    science: telling.science,
    summary: sweepSummary(telling.science, artifacts, folder),
    patience: telling.request,
    thorough: telling.thorough,
    ...(say === undefined ? {} : { say }),
  });
  return tracker.finish(telling.patience, running === null);
}

/** The MLflow experiment that a sweep's runs belong to: as tracked before, else as the spec says. */
async function experimentName(folder: string, destination: string): Promise<string | null> {
  const before = await readState(path.join(folder, "tracking", destination));
  if (before !== null) return before.experiment;
  const { state } = await readSweep(folder);
  if (state === null) return null;
  return experimentNameOf(state.resolved, state.experiment);
}

/** The name that a resolved spec gives to its MLflow experiment. */
export function experimentNameOf(resolved: object, name: string): string {
  const { tracking } = resolved as { tracking?: { mlflow?: { experiment?: string } | string } };
  const mlflow = tracking?.mlflow;
  return typeof mlflow === "object" && mlflow !== null ? (mlflow.experiment ?? name) : name;
}
