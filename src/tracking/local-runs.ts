import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { KnownSweep } from "../journal/index.js";
import { listSweeps } from "../journal/index.js";
import { runsIn } from "./ledger.js";
import type { RunKey } from "./update.js";

/** What a run in MLflow stands for. */
export interface TrackedRun {
  readonly sweep: KnownSweep;
  readonly key: RunKey;
}

/** True for a word that has the form of the id of a run in MLflow. */
export const isRunId = (word: string): boolean => /^[0-9a-f]{32}$/.test(word);

/**
 * What a run in MLflow stands for, by the ids that the store's sweeps have kept of their runs on any
 * server; null where none has it.
 */
export async function trackedRun(store: string, id: string): Promise<TrackedRun | null> {
  for (const sweep of await listSweeps(store)) {
    const parent = path.join(sweep.folder, "tracking");
    for (const destination of await readdir(parent).catch(() => [])) {
      const file = path.join(parent, destination, "runs.ndjson");
      const text = await readFile(file, "utf8").catch(() => "");
      for (const [key, run] of runsIn(text)) if (run === id) return { sweep, key };
    }
  }
  return null;
}
