import type { FileHandle } from "node:fs/promises";
import { open, truncate } from "node:fs/promises";
import path from "node:path";
import type { Event, JournalEntry } from "./events.js";
import { makeFolder, syncFolder } from "../base/durable.js";
import { redactJson } from "../base/redact.js";
import { formatLine } from "./line.js";
import { writePlanFile } from "./plan-file.js";
import type { JournalDamage } from "./read.js";
import { JOURNAL_FILE, readSweep } from "./read.js";
import type { SweepLive } from "./live.js";
import type { SweepState } from "./state.js";
import { applyEntry } from "./state.js";

/**
 * A view that hears what happens. It is told after the journal has it, in order, and is never
 * waited for: it must return at once, and what it throws is dropped.
 */
export interface EventSink {
  /** `state` already holds the entry; it changes with later ones, so copy what you keep. */
  hear(entry: JournalEntry, state: SweepState): void;
  /** Where the running stages are: of this the journal keeps only some, as `sweep-progress`. */
  live?(live: SweepLive): void;
}

/** Curves and facts may wait a moment for company; everything else is synced before it is heard. */
const BATCH_MILLISECONDS = 400;
const isBatched = (event: Event): boolean =>
  event.type === "stage-metrics" || event.type === "stage-facts" || event.type === "sweep-progress";

interface Pending {
  readonly entry: JournalEntry;
  readonly resolve: (entry: JournalEntry) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The one writer of a sweep's journal (the caller holds the sweep's lock). Appends are grouped: all
 * that is pending is written and synced at once, so a thousand events cost a few syncs.
 */
export class JournalWriter {
  /** Entries that could not be read when the journal was opened. */
  readonly damage: readonly JournalDamage[];
  /** Bytes of a line cut off by a crash that opening took away. */
  readonly healed: boolean;
  #state: SweepState | null;
  #seq: number;
  #pending: Pending[] = [];
  #flushing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failure: Error | null = null;

  private constructor(
    private readonly folder: string,
    private readonly handle: FileHandle,
    private readonly sinks: EventSink[],
    opened: { state: SweepState | null; seq: number; damage: JournalDamage[]; healed: boolean },
  ) {
    this.#state = opened.state;
    this.#seq = opened.seq;
    this.damage = opened.damage;
    this.healed = opened.healed;
  }

  /** Opens (or begins) the journal in a sweep's folder, heals a torn end and folds what is there. */
  static async open(folder: string, sinks: readonly EventSink[] = []): Promise<JournalWriter> {
    await makeFolder(folder);
    const file = path.join(folder, JOURNAL_FILE);
    const { state, seq, end, torn: healed, damage } = await readSweep(folder);
    if (healed) await truncate(file, end);
    const handle = await open(file, "a+");
    // A last line that is whole but for its newline is kept; the newline is what is missing.
    const last = Buffer.alloc(1);
    if (end > 0 && (await handle.read(last, 0, 1, end - 1)).bytesRead === 1 && last[0] !== 10) {
      await handle.write("\n");
    }
    await handle.sync();
    await syncFolder(folder);
    return new JournalWriter(folder, handle, [...sinks], { state, seq, damage, healed });
  }

  /** One more view that hears of what happens from now on. */
  add(sink: EventSink): void {
    this.sinks.push(sink);
  }

  /** The state folded from all entries that are durable; null before the first `sweep-started`. */
  get state(): SweepState | null {
    return this.#state;
  }

  /**
   * Appends an event. Resolves once it is durable and every sink was told. Rejects where the disk
   * fails, then and for ever after: a sweep without a journal must not go on.
   */
  append(event: Event): Promise<JournalEntry> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      // Before anything hears of it: neither the file nor a view is given a secret.
      const entry: JournalEntry = {
        seq: ++this.#seq,
        time: Date.now(),
        event: redactJson(event),
      };
      this.#pending.push({ entry, resolve, reject });
      if (isBatched(event)) {
        this.#timer ??= setTimeout(() => this.#flush(), BATCH_MILLISECONDS);
      } else {
        this.#flush();
      }
    });
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#flushing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // One turn of the event loop lets what happens at the same moment share a sync.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        if (this.#failure !== null) throw this.#failure;
        await this.#write(batch.map((one) => one.entry));
        await this.handle.datasync();
      } catch (error) {
        this.#failure ??= error as Error;
        for (const one of batch) one.reject(error);
        continue;
      }
      for (const one of batch) {
        this.#state = applyEntry(this.#state, one.entry);
        this.#tell(one.entry);
        one.resolve(one.entry);
      }
    }
    // In the same turn as the last look at what is pending: later appends must begin a new drain.
    this.#flushing = null;
  }

  async #write(entries: readonly JournalEntry[]): Promise<void> {
    let text = "";
    for (const entry of entries) {
      const { event } = entry;
      if (event.type === "sweep-started") {
        const reference = await writePlanFile(this.folder, event);
        text += formatLine({ ...entry, event: reference });
      } else {
        text += formatLine(entry);
      }
    }
    await this.handle.appendFile(text);
  }

  #tell(entry: JournalEntry): void {
    if (this.#state === null) return;
    for (const sink of this.sinks) {
      try {
        sink.hear(entry, this.#state);
      } catch {
        // A view must never stop the sweep.
      }
    }
  }

  /** Tells the sinks where the running stages are. */
  live(live: SweepLive): void {
    for (const sink of this.sinks) {
      try {
        sink.live?.(live);
      } catch {
        // As above.
      }
    }
  }

  /** Writes what is pending and closes the file. */
  async close(): Promise<void> {
    while (this.#pending.length > 0 || this.#flushing !== null) {
      this.#flush();
      await this.#flushing;
    }
    await this.handle.close();
  }
}
