import { rm, stat } from "node:fs/promises";
import path from "node:path";
import type { SweepId } from "../base/fingerprint.js";
import { lockHolder, tryLock, writeDurable } from "../store/index.js";
import { namesIn } from "../store/store.js";
import { sweepFolder } from "./read.js";
import type { EventSink } from "./write.js";
import { JournalWriter } from "./write.js";

/** There while a run of the sweep is open, so that finding those left open reads no journals. */
const OPEN_FILE = "open";

/** The lock of a sweep: one run of it at a time. */
export const sweepLockFile = (store: string, sweep: SweepId | string): string =>
  path.join(sweepFolder(store, sweep), "lock");

/** Marks the sweep as having a run that is not over. */
export const markOpen = (folder: string): Promise<void> =>
  writeDurable(path.join(folder, OPEN_FILE), `${process.pid}\n`);

/** The run is over and its journal says so. */
export const markClosed = (folder: string): Promise<void> =>
  rm(path.join(folder, OPEN_FILE), { force: true });

/** Writes the end of a run that a kill left open: what ran is interrupted, and so is the sweep. */
export async function closeRun(journal: JournalWriter): Promise<boolean> {
  const state = journal.state;
  if (state === null || state.status !== "running") return false;
  for (const [stage, { status }] of state.stages) {
    if (status === "running") await journal.append({ type: "stage-interrupted", stage });
  }
  const seconds = Math.max(0, state.time - state.startedAt) / 1000;
  await journal.append({ type: "sweep-finished", outcome: "interrupted", seconds });
  return true;
}

/**
 * Closes the runs that a kill left open in a store, of sweeps that nobody runs now, and gives those
 * sweeps. `sinks` hear of it, given the sweep (tracking ends its runs as KILLED).
 */
export async function closeAbandoned(
  store: string,
  sinks: (sweep: SweepId) => readonly EventSink[] = () => [],
): Promise<SweepId[]> {
  const closed: SweepId[] = [];
  for (const name of await namesIn(path.join(store, "sweeps"))) {
    const folder = sweepFolder(store, name);
    if ((await stat(path.join(folder, OPEN_FILE)).catch(() => null)) === null) continue;
    const lockFile = sweepLockFile(store, name);
    if ((await lockHolder(lockFile)) !== null) continue;
    const taken = await tryLock(lockFile, "close a sweep that was killed");
    if ("holder" in taken) continue;
    try {
      const journal = await JournalWriter.open(folder, sinks(name as SweepId));
      if (await closeRun(journal)) closed.push(name as SweepId);
      await journal.close();
      await markClosed(folder);
    } finally {
      await taken.lock.release();
    }
  }
  return closed;
}
