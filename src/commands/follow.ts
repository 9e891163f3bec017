import { setTimeout as sleep } from "node:timers/promises";
import type { SweepState } from "../journal/index.js";
import { applyEntry, JournalTail, sweepLockFile } from "../journal/index.js";
import { lockHolder } from "../store/index.js";
import { liveDisplay } from "./live-display.js";
import { ProgressView } from "./progress.js";
import { stagesToRun } from "./sweep-progress.js";

/** How often the journal is looked at, in milliseconds. */
const LOOK = 250;
/** How often it is asked whether the sweep's process is still there. */
const ASK = 2000;
const ENTRIES = 1000;

/**
 * Shows a sweep that another process runs until that run is over, as its own terminal does: all is read
 * from the journal.
 *
 * @param headline metrics that are shown of a stage that is done
 */
export async function followSweep(
  store: string,
  { folder, sweep }: { readonly folder: string; readonly sweep: string },
  headline: readonly string[],
): Promise<void> {
  const tail = new JournalTail(folder);
  let state: SweepState | null = null;
  let view: ProgressView | null = null;
  let asked = Date.now();
  try {
    for (;;) {
      const entries = await tail.read(ENTRIES);
      for (const entry of entries) {
        state = applyEntry(state, entry);
        if (state !== null) view?.hear(entry, state);
        if (entry.event.type === "sweep-progress") view?.live(entry.event);
      }
      if (entries.length === ENTRIES) continue;
      if (state === null || state.status !== "running") return;
      // What went before is told as numbers; from here on every event is told.
      if (view === null) {
        view = new ProgressView(process.stderr, await liveDisplay(), {
          toRun: new Set(),
          headline,
        });
        view.join(state, stagesToRun(state));
      }
      const lookAtLock = entries.length === 0 && Date.now() - asked >= ASK;
      if (lookAtLock) {
        asked = Date.now();
        if ((await lockHolder(sweepLockFile(store, sweep))) === null) return;
      }
      await sleep(LOOK);
    }
  } finally {
    view?.close();
    await tail.close();
  }
}
