import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import path from "node:path";
import type { JournalEntry } from "./events.js";
import { parseLine } from "./line.js";
import { isPlanReference, PlanFiles } from "./plan-file.js";
import { JOURNAL_FILE } from "./read.js";
import { isErrno } from "../base/errno.js";

const CHUNK = 1 << 20;

/**
 * Reads a journal while it grows: every call goes on where the last one ended, so that a view needs
 * no queue in memory however far it is behind. Damaged lines are passed over.
 */
export class JournalTail {
  #handle: FileHandle | null = null;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);
  /** Lines read and not yet given. */
  #lines: Buffer[] = [];
  #damaged = 0;

  readonly #plans: PlanFiles;

  constructor(
    /** The sweep's folder. */
    private readonly folder: string,
  ) {
    this.#plans = new PlanFiles(folder);
  }

  /** Lines passed over because they are damaged. */
  get damaged(): number {
    return this.#damaged;
  }

  /** The next entries, at most `limit`; none where the journal ends. */
  async read(limit: number): Promise<JournalEntry[]> {
    const entries: JournalEntry[] = [];
    while (entries.length < limit) {
      const line = this.#lines.shift();
      if (line === undefined) {
        if (!(await this.#fill())) break;
        continue;
      }
      const entry = await this.#complete(line);
      if (entry === null) this.#damaged += 1;
      else entries.push(entry);
    }
    return entries;
  }

  async #fill(): Promise<boolean> {
    try {
      this.#handle ??= await open(path.join(this.folder, JOURNAL_FILE), "r");
    } catch (error) {
      if (isErrno(error, "ENOENT")) return false;
      throw error;
    }
    const buffer = Buffer.allocUnsafe(CHUNK);
    const { bytesRead } = await this.#handle.read(buffer, 0, CHUNK, this.#offset);
    if (bytesRead === 0) return false;
    this.#offset += bytesRead;
    const all = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
    let start = 0;
    // A last line without its newline is still being written (or torn): it waits.
    for (let at = all.indexOf(10); at !== -1; at = all.indexOf(10, start)) {
      this.#lines.push(all.subarray(start, at));
      start = at + 1;
    }
    this.#rest = Buffer.from(all.subarray(start));
    return true;
  }

  async #complete(line: Buffer): Promise<JournalEntry | null> {
    const parsed = parseLine(line);
    if ("damage" in parsed) return null;
    const event: unknown = parsed.event;
    if (!isPlanReference(event)) return parsed;
    const plan = await this.#plans.complete(event);
    return "damage" in plan ? null : { ...parsed, event: plan };
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
  }
}
