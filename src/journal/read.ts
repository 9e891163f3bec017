import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { JournalEntry } from "./events.js";
import type { SweepId } from "../base/fingerprint.js";
import { isErrno } from "../base/errno.js";
import { keepDurable } from "../base/durable.js";
import { readBlocks } from "./blocks.js";
import type { UnreadPoint } from "./curve.js";
import { unreadPoint } from "./curve.js";
import { entryIn, parseEntry } from "./line.js";
import { isPlanReference, PlanFiles } from "./plan-file.js";
import type { SweepState } from "./state.js";
import { applyEntry, applyUnread } from "./state.js";

/** A line of a journal that cannot be read. */
export interface JournalDamage {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

/** What a journal holds. Damaged lines are left out and named. */
export interface Journal {
  readonly file: string;
  readonly entries: readonly JournalEntry[];
  readonly damage: readonly JournalDamage[];
  /** True where the last line was cut off by a crash; the next writer heals it. */
  readonly torn: boolean;
}

/** Name of the journal's file in a sweep's folder. */
export const JOURNAL_FILE = "journal.ndjson";

/** Folder of a sweep in a store. */
export const sweepFolder = (store: string, sweep: SweepId | string): string =>
  path.join(store, "sweeps", sweep);

/** The file of what is known of a sweep's artifacts. */
export const seenFile = (store: string, sweep: SweepId): string =>
  path.join(sweepFolder(store, sweep), "seen");

/** What a journal's entries are handed to, in order. */
interface Reader {
  entry(entry: JournalEntry): void;
  damage(damage: JournalDamage): void;
  /** An entry of curves that need not be read now; left out: these are entries as all others. */
  point?(bytes: Buffer, point: UnreadPoint): void;
}

/** Where a journal ends. */
interface JournalEnd {
  /** True where the last line was cut off by a crash. */
  readonly torn: boolean;
  /** The highest number of an entry, those that cannot be read counted as well as can be. */
  readonly seq: number;
  /** Offset behind the last line that is not torn, in bytes. */
  readonly end: number;
}

/**
 * Goes through a sweep's journal; an absent file is an empty one. A `sweep-started` comes complete, with what
 * its plan file holds; where that is damaged the entry counts as damage.
 */
async function walkJournal(folder: string, reader: Reader): Promise<JournalEnd> {
  const file = path.join(folder, JOURNAL_FILE);
  let seq = 0;
  let most = 0;
  let end = 0;
  if (!(await exists(file))) return { torn: false, seq: 0, end };
  const plans = new PlanFiles(folder);
  let line = 0;
  for await (const { bytes, ends, whole } of readBlocks(file)) {
    let start = 0;
    for (const stop of ends) {
      line += 1;
      const place = entryIn(bytes, start, stop);
      const point =
        "damage" in place || reader.point === undefined ? null : unreadPoint(bytes, place);
      const parsed = point ?? ("damage" in place ? place : parseEntry(bytes, place));
      if ("damage" in parsed && !whole) return { torn: true, seq: most, end };
      end += stop + (whole ? 1 : 0) - start;
      start = stop + 1;
      if ("damage" in parsed) {
        // Its own number is unknown; whether lines are missing too is seen at the next.
        reader.damage({ line, reason: parsed.damage });
        seq += 1;
        most = Math.max(most, seq);
        continue;
      }
      if (parsed.seq !== seq + 1) {
        const reason = `entry ${parsed.seq} stands where entry ${seq + 1} should be`;
        reader.damage({ line, reason });
      }
      seq = parsed.seq;
      most = Math.max(most, seq);
      if (point !== null) {
        reader.point!(bytes, point);
        continue;
      }
      const entry = parsed as JournalEntry;
      const event: unknown = entry.event;
      if (!isPlanReference(event)) {
        reader.entry(entry);
        continue;
      }
      const plan = await plans.complete(event);
      if ("damage" in plan) reader.damage({ line, reason: plan.damage });
      else reader.entry({ ...entry, event: plan });
    }
  }
  return { torn: false, seq: most, end };
}

/** Reads a sweep's journal. Never throws for damage; an absent file is an empty journal. */
export async function readJournal(folder: string): Promise<Journal> {
  const entries: JournalEntry[] = [];
  const damage: JournalDamage[] = [];
  const { torn } = await walkJournal(folder, {
    entry: (entry) => void entries.push(entry),
    damage: (one) => void damage.push(one),
  });
  return { file: path.join(folder, JOURNAL_FILE), entries, damage, torn };
}

/** A sweep as its journal has it. */
export interface FoldedJournal extends JournalEnd {
  /** Null where the journal has no beginning. */
  readonly state: SweepState | null;
  readonly damage: JournalDamage[];
}

/** The state of a sweep without keeping its entries. */
export async function readSweep(folder: string): Promise<FoldedJournal> {
  let state: SweepState | null = null;
  const damage: JournalDamage[] = [];
  const end = await walkJournal(folder, {
    entry: (entry) => void (state = applyEntry(state, entry)),
    point: (bytes, point) => applyUnread(state, bytes, point),
    damage: (one) => void damage.push(one),
  });
  return { ...end, state, damage };
}

/** A sweep that a store knows. */
export interface KnownSweep {
  readonly sweep: SweepId;
  readonly folder: string;
  /** Name of the experiment, or null where it cannot be read. */
  readonly experiment: string | null;
  /** Last change of the journal, milliseconds since 1970. */
  readonly changed: number;
}

/** The sweeps of a store, the last changed first. Reads one small file of each. */
export async function listSweeps(store: string): Promise<KnownSweep[]> {
  const parent = path.join(store, "sweeps");
  const names = await readdir(parent).catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  });
  const known: KnownSweep[] = [];
  for (const name of names) {
    const folder = path.join(parent, name);
    const info = await stat(path.join(folder, JOURNAL_FILE)).catch(() => null);
    if (info === null || !/^[0-9a-f]{16}$/.test(name)) continue;
    const experiment = await readFile(path.join(folder, "name"), "utf8").catch(() => null);
    known.push({
      sweep: name as SweepId,
      folder,
      experiment: experiment === null ? null : experiment.trim(),
      changed: info.mtimeMs,
    });
  }
  return known.sort((a, b) => b.changed - a.changed);
}

const PLACE_FILE = "spec-place";

/** Notes where a sweep's spec lies on this machine, for `resume`. */
export const writeSpecPlace = (folder: string, file: string): Promise<void> =>
  keepDurable(path.join(folder, PLACE_FILE), `${file}\n`);

/** Where the spec of a sweep lay when it last ran; null where that is not known. */
export const readSpecPlace = (folder: string): Promise<string | null> =>
  readFile(path.join(folder, PLACE_FILE), "utf8").then(
    (text) => text.trimEnd(),
    () => null,
  );

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
