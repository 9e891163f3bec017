import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JournalEntry } from "../journal/events.js";
import type { EventSink } from "../journal/index.js";
import { JournalTail } from "../journal/index.js";
import type { Result } from "../base/result.js";
import type { UserError } from "../base/exit.js";
import { tryLock } from "../store/index.js";
import type { Address } from "./address.js";
import { redact } from "../base/redact.js";
import { MlflowFailure } from "./failure.js";
import { Ledger, unfinished } from "./ledger.js";
import { Projection } from "./projection.js";
import { replay } from "./replay.js";
import type { Connection } from "./connection.js";
import { openConnection } from "./connection.js";
import { cellsPage, runPage, runsPage } from "./pages.js";
import { PATIENT } from "./transport.js";
import type { TrackerOptions, TrackingMessage, TrackingSummary } from "./tracking.js";
import type { Problem } from "./send.js";
import type { RunKey, RunUpdate } from "./update.js";

/** The number of entries that are read together. After a kill, at most this many are sent again. */
const WINDOW = 1000;
/** Milliseconds for which events are gathered, so that they share requests. */
const GATHER = 250;

/**
 * Tells MLflow what the journal says, beside the sweep: it follows the journal's file at its own
 * pace, so that nothing it meets can stop a sweep, slow it or fill its memory.
 */
export class Tracker implements EventSink {
  readonly #abort = new AbortController();
  /** By their texts. */
  readonly #problems = new Map<string, Problem>();
  readonly #saidProblems = new Set<string>();
  readonly #ending: Promise<void>;
  #end: () => void = () => undefined;
  #wake: (() => void) | null = null;
  #finishing = false;
  #worked = false;
  #dead = false;
  #down = false;
  /** Runs were found gone on connecting again. */
  #lost = false;
  #progressAt = Date.now();
  #address: Address | null = null;
  #connection: Connection | null = null;
  #ledger: Ledger | null = null;
  #reason: string | null = null;
  #complete = false;
  readonly #loop: Promise<void>;

  constructor(private readonly options: TrackerOptions) {
    this.#ending = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#loop = this.#run().catch((error: unknown) => {
      // A bug of ours or a disk that is full: tracking ends, the sweep does not.
      this.#reason = redact(error instanceof Error ? error.message : String(error));
    });
  }

  hear({ event }: JournalEntry): void {
    if (event.type === "stage-finished" || event.type === "stage-failed") this.#worked = true;
    this.#wake?.();
  }

  /**
   * Ends tracking: what the journal holds is sent, as long as the server keeps taking it; after
   * `patience` milliseconds without progress the rest is left to `r4ec sync`. `dead`: the sweep's
   * process is gone, so runs that the journal leaves open are closed as KILLED.
   */
  async finish(patience = 15_000, dead = false): Promise<TrackingSummary> {
    this.#dead = dead;
    this.#finishing = true;
    this.#progressAt = Date.now();
    this.#wake?.();
    this.#end();
    const watchdog = setInterval(() => {
      // A sweep that made nothing does not wait for a server that is only starting.
      const longest = this.#connection === null && !this.#worked && !dead ? 800 : patience;
      if (Date.now() - this.#progressAt > Math.min(patience, longest)) this.#abort.abort();
    }, 100);
    const given = new Promise<void>((resolve) => {
      if (this.#abort.signal.aborted) resolve();
      this.#abort.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    // The start of a local server cannot be cut short, and need not be: it goes on by itself.
    await Promise.race([this.#loop, given.then(() => sleep(2000))]);
    clearInterval(watchdog);
    return this.#summary();
  }

  #summary(): TrackingSummary {
    const url = this.#address?.url ?? null;
    const { experimentId } = this.#ledger?.state ?? { experimentId: null };
    const run = this.#ledger?.runs.get("sweep");
    const at = url === null || experimentId === null ? null : { url, experimentId };
    const place = (page: string): string => `${at!.url}/${page}`;
    return {
      outcome: this.#complete ? "complete" : "pending",
      url,
      runUrl:
        at === null
          ? null
          : place(run === undefined ? runsPage(at.experimentId) : runPage(at.experimentId, run)),
      cellsUrl:
        at === null || run === undefined
          ? null
          : place(cellsPage(at.experimentId, this.options.sweep)),
      reason: this.#complete ? null : (this.#reason ?? "MLflow did not answer in time"),
      problems: [...this.#problems.keys()],
    };
  }

  async #run(): Promise<void> {
    const { store, sweep, destination, folder } = this.options;
    const place = path.join(folder, "tracking", destination);
    await unfinished.add(store, sweep, destination);
    // The tracker of a run that was just stopped may still be sending what it has.
    for (;;) {
      const held = await tryLock(path.join(place, "lock"), "tracking");
      if ("lock" in held) {
        try {
          return await this.#follow(place);
        } finally {
          await this.#connection?.client.close();
          await held.lock.release();
        }
      }
      this.#reason = `process ${held.holder.pid} already sends this sweep to MLflow`;
      if (this.#finishing) return;
      await Promise.race([sleep(1000), this.#ending]);
    }
  }

  async #follow(place: string): Promise<void> {
    const ledger = await Ledger.open(place, {
      url: this.#address?.url ?? null,
      experiment: this.options.experiment,
    });
    this.#ledger = ledger;
    // Until the connection is open it is unknown which runs are gone and have to be made again.
    await this.#persist(() => this.#connect(ledger));
    while (this.#connection !== null) {
      const outcome = await this.#once(ledger, new JournalTail(this.options.folder));
      if (outcome === "again") continue;
      if (outcome === "given-up") return;
      const differing = this.#differing();
      await ledger.save({ clean: true, level: differing.size === 0 });
      if (differing.size > 0) {
        const [runs, are] = differing.size === 1 ? ["run", "is"] : ["runs", "are"];
        this.#reason = `${differing.size} ${runs} in MLflow ${are} not as the journal says`;
        return;
      }
      await unfinished.remove(this.options.store, this.options.sweep, this.options.destination);
      this.#complete = true;
      return;
    }
  }

  #projection(): Projection {
    const { artifacts, summary, choice, science } = this.options;
    return new Projection({
      artifactFolder: (fingerprint) => artifacts.artifactFolder(fingerprint),
      ...(summary && { summary }),
      ...(science && { science }),
      ...(choice === undefined ? {} : { choice }),
    });
  }

  /** The runs that MLflow is known not to have as the journal has them. */
  #differing(): Set<RunKey> {
    const differing = [...this.#problems.values()].filter(({ differs }) => differs);
    return new Set(differing.map(({ key }) => key));
  }

  /** Goes through the journal once; `again` where runs turned out to be gone on the way. */
  async #once(ledger: Ledger, tail: JournalTail): Promise<"done" | "given-up" | "again"> {
    const projection = this.#projection();
    const { lost } = this.#connection!;
    let rest: RunUpdate[] = [];
    let abandoned = false;
    this.#lost = false;
    try {
      for (;;) {
        const entries = await tail.read(WINDOW);
        if (entries.some(({ event }) => event.type === "sweep-finished")) await this.#prepare();
        rest.push(...replay(projection, entries, ledger.state.cursor, lost));
        if (entries.length === 0 && this.#finishing && this.#dead && !abandoned) {
          abandoned = true;
          projection.abandon();
          rest.push(...projection.take());
        }
        if (rest.length > 0) {
          const sent = await this.#persist(async () => {
            await this.#connect(ledger);
            if (this.#lost) return;
            const left = new Set(rest);
            try {
              await this.#connection!.sender.sendAll(rest, (update) => left.delete(update));
            } finally {
              rest = [...left];
            }
          });
          if (!sent) return "given-up";
          if (this.#lost) return "again";
        }
        if (projection.seq > ledger.state.cursor) await ledger.save({ cursor: projection.seq });
        if (entries.length === WINDOW) continue;
        if (entries.length > 0) await Promise.race([sleep(GATHER), this.#ending]);
        else if (this.#finishing && (!this.#dead || abandoned)) break;
        else await this.#sleepUntilWoken();
      }
      const tidy = await this.#persist(async () => {
        await this.#connect(ledger);
        await this.#connection!.sender.runs.removeDoubles();
      });
      if (!tidy) return "given-up";
    } finally {
      await tail.close();
    }
    const { thorough = false } = this.options;
    const doubt = thorough || ledger.state.level === false || this.#differing().size > 0;
    return doubt ? this.#compare(ledger) : "done";
  }

  /**
   * Compares all runs with what the whole journal says, and sends whatever differs. What differs
   * after that stays as a problem.
   */
  async #compare(ledger: Ledger): Promise<"done" | "given-up" | "again"> {
    const tail = new JournalTail(this.options.folder);
    const projection = this.#projection();
    try {
      for (let entries = await tail.read(WINDOW); entries.length > 0;) {
        for (const entry of entries) projection.apply(entry);
        entries = await tail.read(WINDOW);
      }
    } finally {
      await tail.close();
    }
    if (this.#dead) projection.abandon();
    let rest = projection.take();
    for (const [text, { differs }] of this.#problems) if (differs) this.#problems.delete(text);
    const compared = await this.#persist(async () => {
      await this.#connect(ledger);
      if (this.#lost) return;
      const left = new Set(rest);
      try {
        await this.#connection!.sender.sendAll(rest, (update) => left.delete(update), true);
      } finally {
        rest = [...left];
      }
    });
    return !compared ? "given-up" : this.#lost ? "again" : "done";
  }

  /** Gathers what the summary needs; that takes time, which is no want of progress. */
  async #prepare(): Promise<void> {
    const moving = setInterval(() => this.#moved(), 100);
    try {
      await this.options.summary?.prepare();
    } finally {
      clearInterval(moving);
      this.#moved();
    }
  }

  async #connect(ledger: Ledger): Promise<void> {
    if (this.#connection !== null) return;
    const found = await this.#find();
    if (!found.ok) throw new MlflowFailure("unreachable", found.error.message);
    if (found.value === null)
      throw new MlflowFailure("unreachable", "the local server does not run");
    this.#address = found.value;
    this.#connection = await openConnection({
      store: this.options.store,
      artifacts: this.options.artifacts,
      sweep: this.options.sweep,
      ledger,
      address: found.value,
      patience: this.options.patience ?? PATIENT,
      signal: this.#abort.signal,
      thorough: this.options.thorough ?? false,
      problem: (problem) => this.#problem(problem),
      progress: () => this.#moved(),
    });
    this.#lost = this.#connection.lost.size > 0;
    this.#moved();
    const { url } = found.value;
    const { experimentId } = this.#connection;
    const experimentUrl = `${url}/${cellsPage(experimentId, this.options.sweep)}`;
    if (!this.#down) this.#say({ type: "connected", url, experimentUrl });
  }

  /** The server's address. While it starts, a sweep that did some work waits for it. */
  async #find(): Promise<Result<Address | null, UserError>> {
    const waiting = setInterval(() => {
      if (this.#worked) this.#moved();
    }, 100);
    try {
      return await this.options.address(this.#abort.signal);
    } finally {
      clearInterval(waiting);
    }
  }

  /** Does it, again and again through outages; false where tracking is to end before it is done. */
  async #persist(work: () => Promise<void>): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      if (this.#abort.signal.aborted) return false;
      try {
        await work();
        if (this.#down) this.#say({ type: "recovered", url: this.#address?.url ?? "" });
        this.#down = false;
        return true;
      } catch (error) {
        if (!(error instanceof MlflowFailure)) throw error;
        if (this.#abort.signal.aborted) return false;
        this.#reason = error.message;
        if (!this.#down) this.#say({ type: "outage", reason: error.message });
        this.#down = true;
        // The local server may come back at another port.
        await this.#connection?.client.close();
        this.#connection = null;
        const wait = Math.min(30_000, 500 * 2 ** Math.min(attempt, 6));
        // A sweep that ends waits for a short breath of the server, not for its recovery.
        const breaths = this.options.patience?.tries === 1 ? 0 : 2;
        if (this.#finishing && attempt >= breaths) return false;
        await Promise.race([
          sleep(this.#finishing ? 500 : wait),
          this.#ending.then(() => sleep(300)),
        ]);
      }
    }
  }

  async #sleepUntilWoken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#finishing) resolve();
      // A journal that another process writes wakes nobody.
      setTimeout(resolve, 2000).unref();
    });
    this.#wake = null;
  }

  #moved(): void {
    this.#progressAt = Date.now();
  }

  #problem(problem: Problem): void {
    const text = redact(problem.message);
    this.#problems.set(text, problem);
    if (this.#saidProblems.has(text)) return;
    this.#saidProblems.add(text);
    this.#say({ type: "problem", text });
  }

  #say(message: TrackingMessage): void {
    try {
      this.options.say?.(message);
    } catch {
      // What the listener does is not tracking's business.
    }
  }
}
