import { setImmediate } from "node:timers/promises";
import type { Fingerprint } from "../base/fingerprint.js";
import type { ScienceStatistics } from "../contract/statistics.js";
import type { JournalEntry } from "../journal/events.js";
import type { EventSink, SweepState } from "../journal/index.js";
import { EvidenceReader, type FinishedCell } from "../statistics/index.js";
import type { Store } from "../store/index.js";

/** A cell whose last stage has ended. */
type Waiting = Omit<FinishedCell, "cell">;

/**
 * Puts the influences of cells into the store while their sweep runs, one cell at a time. The comparison at
 * its end then finds them there; worked out then, those of 288 cells of MovieLens-1M take 8 s.
 */
export class EvidenceAhead implements EventSink {
  readonly #reader: EvidenceReader;
  readonly #waiting: Waiting[] = [];
  #work: Promise<void> | null = null;
  #closed = false;

  /** @param last the last stages of cells */
  constructor(
    private readonly last: ReadonlySet<Fingerprint>,
    store: Store,
    statistics: ScienceStatistics,
  ) {
    this.#reader = new EvidenceReader(store, statistics);
  }

  hear({ event }: JournalEntry, state: SweepState): void {
    // What is left then is for the comparison, which begins now.
    if (event.type === "sweep-finished") this.#waiting.length = 0;
    if (this.#closed || event.type !== "stage-finished" || !this.last.has(event.stage)) return;
    const { record } = state.stages.get(event.stage)!;
    this.#waiting.push({ record, metrics: event.result.metrics });
    this.#work ??= this.#workOff().finally(() => (this.#work = null));
  }

  async #workOff(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      // Where it fails, the comparison tries again and says why.
      await this.#reader.of(next).catch(() => undefined);
      // What stages say is heard before the next one.
      await setImmediate();
    }
  }

  /** Ends it, after the cell at hand; the comparison works out what is left. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.length = 0;
    await this.#work;
  }
}
