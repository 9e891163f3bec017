import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { JournalEntry } from "./events.js";
import type { SweepId } from "../base/fingerprint.js";
import { isErrno } from "../base/errno.js";
import { writeDurable } from "../base/durable.js";
import { parseLine } from "./line.js";
import type { PlanReference } from "./plan-file.js";
import { isPlanReference, readPlanFile } from "./plan-file.js";
import type { SweepState } from "./state.js";
import { applyEntry } from "./state.js";

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

interface RawLine {
  readonly number: number;
  readonly text: string;
  /** False for a last line without its newline. */
  readonly whole: boolean;
  /** Offset just behind the line, in bytes. */
  readonly end: number;
}

/** The lines of a file, of any length in all, one after another. */
export async function* readLines(file: string): AsyncGenerator<RawLine> {
  let number = 0;
  let offset = 0;
  let parts: Buffer[] = [];
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, at));
      const line = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      parts = [];
      offset += line.length + 1;
      start = at + 1;
      yield { number: ++number, text: line.toString("utf8"), whole: true, end: offset };
    }
    if (start < chunk.length) parts.push(Buffer.from(chunk.subarray(start)));
  }
  if (parts.length > 0) {
    const line = Buffer.concat(parts);
    yield {
      number: ++number,
      text: line.toString("utf8"),
      whole: false,
      end: offset + line.length,
    };
  }
}

interface Visit {
  readonly entry?: JournalEntry;
  readonly damage?: JournalDamage;
  readonly torn?: boolean;
  /** Number of the last entry so far, those that cannot be read counted as well as can be. */
  readonly seq: number;
  /** Offset behind the line, in bytes. */
  readonly end: number;
}

/**
 * Goes through a sweep's journal. Nothing where there is no file. A `sweep-started` comes complete,
 * with what its plan file holds; where that is damaged the entry counts as damage.
 */
export async function* visitJournal(folder: string): AsyncGenerator<Visit> {
  const file = path.join(folder, JOURNAL_FILE);
  if (!(await exists(file))) return;
  let seq = 0;
  for await (const line of readLines(file)) {
    const { number, end } = line;
    const parsed = parseLine(line.text);
    if ("damage" in parsed) {
      if (!line.whole) yield { torn: true, seq, end };
      // Its own number is unknown; whether lines are missing too is seen at the next.
      else yield { damage: { line: number, reason: parsed.damage }, seq: ++seq, end };
      continue;
    }
    if (parsed.seq !== seq + 1) {
      const reason = `entry ${parsed.seq} stands where entry ${seq + 1} should be`;
      yield { damage: { line: number, reason }, seq, end };
    }
    seq = parsed.seq;
    const entry = await complete(folder, parsed);
    if ("damage" in entry) yield { damage: { line: number, reason: entry.damage }, seq, end };
    else yield { entry, seq, end };
  }
}

async function complete(
  folder: string,
  entry: JournalEntry,
): Promise<JournalEntry | { damage: string }> {
  const event: unknown = entry.event;
  if (!isPlanReference(event)) return entry;
  const plan = await readPlanFile(folder, event satisfies PlanReference);
  if ("damage" in plan) return plan;
  return { ...entry, event: plan };
}

/** Reads a sweep's journal. Never throws for damage; an absent file is an empty journal. */
export async function readJournal(folder: string): Promise<Journal> {
  const entries: JournalEntry[] = [];
  const damage: JournalDamage[] = [];
  let torn = false;
  for await (const visit of visitJournal(folder)) {
    if (visit.entry !== undefined) entries.push(visit.entry);
    if (visit.damage !== undefined) damage.push(visit.damage);
    torn ||= visit.torn === true;
  }
  return { file: path.join(folder, JOURNAL_FILE), entries, damage, torn };
}

/** The state of a sweep without keeping its entries; null where the journal has no beginning. */
export async function readSweep(
  folder: string,
): Promise<{ readonly state: SweepState | null; readonly damage: readonly JournalDamage[] }> {
  let state: SweepState | null = null;
  const damage: JournalDamage[] = [];
  for await (const visit of visitJournal(folder)) {
    if (visit.entry !== undefined) state = applyEntry(state, visit.entry);
    if (visit.damage !== undefined) damage.push(visit.damage);
  }
  return { state, damage };
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
  writeDurable(path.join(folder, PLACE_FILE), `${file}\n`);

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
