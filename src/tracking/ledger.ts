import { randomBytes } from "node:crypto";
import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { isErrno, writeDurable } from "../store/index.js";
import type { RunKey } from "./update.js";
import { openFolder } from "../base/folder.js";

/** What is kept of the tracking of one sweep at one MLflow server. */
export interface LedgerState {
  readonly format: 1;
  /** Address without secrets; null for the local server, whose port may change. */
  readonly url: string | null;
  readonly experiment: string;
  readonly experimentId: string | null;
  /** Seq of the last entry of the journal that MLflow has. */
  readonly cursor: number;
  /** False while a tracker is at work: found so by the next one, it was killed. */
  readonly clean: boolean;
  /** False where something differed when it was last looked at; only `sync` looks again. */
  readonly level?: boolean;
}

/**
 * Cursor and run ids, in the sweep's folder. Losing the ids (or the last of them) does no harm:
 * the runs are found again by their tags.
 */
export class Ledger {
  readonly runs = new Map<RunKey, string>();
  state: LedgerState;

  private constructor(
    readonly folder: string,
    state: LedgerState | null,
    initial: Pick<LedgerState, "url" | "experiment">,
  ) {
    this.state = state ?? { format: 1, ...initial, experimentId: null, cursor: 0, clean: true };
    this.found = state !== null;
  }

  /** Whether there was a ledger already. */
  readonly found: boolean;

  static async open(
    folder: string,
    initial: Pick<LedgerState, "url" | "experiment">,
  ): Promise<Ledger> {
    const state = await readState(folder);
    // With another experiment name everything starts again.
    const same = state !== null && state.experiment === initial.experiment ? state : null;
    const ledger = new Ledger(folder, same, initial);
    await openFolder(folder);
    if (same === null) await rm(ledger.#runsFile, { force: true });
    else await ledger.#readRuns();
    return ledger;
  }

  get #runsFile(): string {
    return path.join(this.folder, "runs.ndjson");
  }

  async #readRuns(): Promise<void> {
    const text = await readFile(this.#runsFile, "utf8").catch(() => "");
    for (const [key, id] of runsIn(text)) this.runs.set(key, id);
  }

  async addRun(key: RunKey, id: string): Promise<void> {
    this.runs.set(key, id);
    await appendFile(this.#runsFile, `${JSON.stringify([key, id])}\n`);
  }

  /** Forgets run ids: all of them, or those that are gone from the server. */
  async forget(keys: Iterable<RunKey> = [...this.runs.keys()]): Promise<void> {
    for (const key of keys) this.runs.delete(key);
    const lines = [...this.runs].map((pair) => `${JSON.stringify(pair)}\n`);
    await writeDurable(this.#runsFile, lines.join(""));
  }

  async save(change: Partial<LedgerState>): Promise<void> {
    this.state = { ...this.state, ...change };
    await writeDurable(path.join(this.folder, "state.json"), `${JSON.stringify(this.state)}\n`);
  }
}

/** The ids of runs out of the text of `runs.ndjson`. */
export function runsIn(text: string): ReadonlyMap<RunKey, string> {
  const runs = new Map<RunKey, string>();
  for (const line of text.split("\n")) {
    try {
      const [key, id] = JSON.parse(line) as [RunKey, string];
      if (typeof key === "string" && typeof id === "string") runs.set(key, id);
    } catch {
      // A line cut off by a crash: that run is found by its tags.
    }
  }
  return runs;
}

/** The kept state of a tracking folder; null where there is none or it is damaged. */
export async function readState(folder: string): Promise<LedgerState | null> {
  try {
    const state = JSON.parse(
      await readFile(path.join(folder, "state.json"), "utf8"),
    ) as LedgerState;
    return state.format === 1 && Number.isSafeInteger(state.cursor) ? state : null;
  } catch {
    return null;
  }
}

/** Marks of sweeps whose tracking is not complete, so that any command can look after them. */
export const unfinished = {
  async add(store: string, sweep: string, destination: string): Promise<void> {
    const folder = path.join(store, "tracking", "unfinished");
    await openFolder(folder);
    await writeFile(path.join(folder, `${sweep}.${destination}`), "");
  },
  async remove(store: string, sweep: string, destination: string): Promise<void> {
    const file = path.join(store, "tracking", "unfinished", `${sweep}.${destination}`);
    await rm(file, { force: true });
  },
  async list(store: string): Promise<{ sweep: string; destination: string }[]> {
    const names = await readdir(path.join(store, "tracking", "unfinished")).catch(() => []);
    return names.flatMap((name) => {
      const match = /^([0-9a-f]{16})\.([0-9a-z]+)$/.exec(name);
      return match === null ? [] : [{ sweep: match[1]!, destination: match[2]! }];
    });
  },
};

/**
 * The store's own name, made once. Equal specs in two stores have equal ids; on a server that
 * people share, the runs are told apart by it.
 */
export async function storeName(store: string): Promise<string> {
  const file = path.join(store, "tracking", "store");
  await openFolder(path.dirname(file));
  try {
    await writeFile(file, randomBytes(8).toString("hex"), { flag: "wx" });
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const name = (await readFile(file, "utf8")).trim();
    if (/^[0-9a-f]{16}$/.test(name)) return name;
    // Another process is between making the file and filling it, or died there.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const name = randomBytes(8).toString("hex");
  await writeDurable(file, name);
  return name;
}
