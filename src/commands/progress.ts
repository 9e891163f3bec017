import type { Event, JournalEntry, StageEvent } from "../journal/events.js";
import { forgotten } from "../journal/events.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { namesOf } from "../cells/index.js";
import type { Names } from "../contract/records.js";
import type { EventSink, SweepLive, SweepState } from "../journal/index.js";
import type { Colours } from "../base/terminal.js";
import { colours } from "../base/terminal.js";
import { clip, NOTHING_LIVE, screenOf, type Shown, summaryText } from "./live-screen.js";
import { progressOf } from "./sweep-progress.js";
import { errorDetails, retryText } from "./failure-text.js";
import { durationText } from "./numbers.js";
import { placeOf } from "./where.js";

/** Shows a block of lines in place of the block before; an empty block removes it. */
export interface LiveDisplay {
  show(text: string): void;
  clear(): void;
}

/** How many of the lines that stay are kept for a screen that is written anew. */
const STAYED = 50;
/** Erases the screen and goes to its first place. */
const CLEAR_SCREEN = "\u001b[2J\u001b[H";
const REFRESH_MILLISECONDS = 250;
const PLAIN_MILLISECONDS = 15_000;

/** The events after which a stage's status may be another one. */
type StageChange = Exclude<
  StageEvent,
  { readonly type: "stage-metrics" | "stage-facts" | "stage-note" }
>;

/**
 * Shows a sweep on stderr while it goes on: lines that stay for what ended, and below them, on a
 * terminal, what runs now with the time left. Elsewhere a line now and then says the same. A view of
 * the journal's state and of what running stages say of themselves.
 */
export class ProgressView implements EventSink {
  readonly #paint: Colours;
  /** The state as it was last heard of, and its names; null before the sweep starts. */
  #seen: { readonly state: SweepState; readonly names: Names } | null = null;
  #live: SweepLive = NOTHING_LIVE;
  #toRun: ReadonlySet<Fingerprint>;
  #timer: NodeJS.Timeout | null = null;
  #transient: string | null = null;
  #saidAt: number;
  #stayed: readonly string[] = [];
  #columns: number;
  readonly #onResize = (): void => this.#resize();

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly display: LiveDisplay | null,
    private readonly options: {
      /** Stages that this run will run. */
      readonly toRun: ReadonlySet<Fingerprint>;
      /** Metrics that are shown of a stage that is done. */
      readonly headline?: readonly string[];
      /** Milliseconds since 1970. */
      readonly now?: () => number;
    },
  ) {
    this.#paint = colours(stream);
    this.#toRun = options.toRun;
    this.#saidAt = this.#now;
    this.#columns = stream.columns || 80;
  }

  get #now(): number {
    return this.options.now?.() ?? Date.now();
  }

  /** A line that stays. */
  line(text: string): void {
    this.display?.clear();
    this.stream.write(`${text}\n`);
    if (this.display !== null) this.#stayed = [...this.#stayed, text].slice(-STAYED);
    this.#render();
  }

  /**
   * A narrower window breaks the lines that stand there, each terminal in its own way: the screen is
   * written anew, with the last of the lines that stay.
   */
  #resize(): void {
    const columns = this.stream.columns || 80;
    const isNarrower = columns < this.#columns;
    this.#columns = columns;
    if (this.display === null || this.#timer === null) return;
    if (isNarrower) {
      this.display.clear();
      const most = Math.max(0, Math.floor((this.stream.rows || 24) / 2));
      const lines = most === 0 ? [] : this.#stayed.slice(-most);
      this.stream.write(`${CLEAR_SCREEN}${lines.map((line) => `${line}\n`).join("")}`);
    }
    this.#render();
  }

  /** A line that the next one replaces; only a terminal shows it. */
  passing(text: string | null): void {
    this.#transient = text;
    this.#render();
  }

  hear({ event }: JournalEntry, state: SweepState): void {
    const isNew = event.type === "sweep-started" || this.#seen === null;
    const names = isNew ? namesOf(state) : this.#seen!.names;
    this.#seen = { state, names };
    this.#tell(event, names);
  }

  live(live: SweepLive): void {
    this.#live = live;
  }

  /**
   * Shows a sweep that another process runs, from a moment on.
   *
   * @param state so far; it changes with the entries that {@link hear} is given
   */
  join(state: SweepState, toRun: ReadonlySet<Fingerprint>): void {
    this.#toRun = toRun;
    this.#seen = { state, names: namesOf(state) };
    this.#start();
  }

  #start(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#live = this.#seen?.state.live ?? NOTHING_LIVE;
    const interval = this.display === null ? 1000 : REFRESH_MILLISECONDS;
    this.#timer = setInterval(() => this.#tick(), interval);
    this.#timer.unref();
    this.stream.off("resize", this.#onResize).on("resize", this.#onResize);
    this.#render();
  }

  #tell(event: Event, names: Names): void {
    switch (event.type) {
      case "sweep-started":
        return this.#start();
      case "sweep-finished":
        return this.close();
      case "stage-started":
      case "stage-cached":
      case "stage-retried":
      case "stage-finished":
      case "stage-failed":
      case "stage-interrupted":
      case "stage-skipped":
        return this.#tellChange(event, names);
      case "stage-note": {
        const { yellow, dim } = this.#paint;
        const sign = event.severity === "warning" ? yellow("!") : dim("i");
        return this.line(`${sign} ${names.stage(event.stage)}: ${event.message}`);
      }
      case "sweep-progress":
      case "stage-metrics":
      case "stage-facts":
        return;
      default:
        return forgotten(event);
    }
  }

  /** Says what became of a stage. */
  #tellChange(event: StageChange, names: Names): void {
    const { green, red, yellow, dim } = this.#paint;
    const name = names.stage(event.stage);
    switch (event.type) {
      case "stage-started": {
        if (this.display !== null) return;
        const { gpus, job = null, worker } = event;
        const place = gpus.length === 0 && job === null ? null : placeOf({ gpus, job, worker });
        const where = place === null ? "" : ` ${gpus.length > 0 ? "on" : "in"} ${place}`;
        const company = event.fusedWith > 1 ? ` (${event.fusedWith} in one model)` : "";
        return this.line(`  ${name} started${where}${company}`);
      }
      case "stage-cached":
        // Those that were there from the start are told as a number.
        if (this.#toRun.has(event.stage)) this.line(`${green("✓")} ${name} ${dim("cached")}`);
        return;
      case "stage-finished": {
        const ended = this.#endedText(event.seconds, event.result.metrics);
        return this.line(`${green("✓")} ${name} ${dim(ended)}`);
      }
      case "stage-retried":
        return this.line(`${yellow("!")} ${name}: ${retryText(event)}`);
      case "stage-failed":
        this.line(`${red("✗")} ${name}: ${event.error.message}`);
        for (const more of errorDetails(event.error)) this.line(dim(indent(more)));
        return;
      case "stage-interrupted":
        return this.line(
          `${yellow("‖")} ${name} interrupted; ${event.inRun === true ? "another job continues it" : "the next run continues it"}`,
        );
      case "stage-skipped":
        return this.line(`${yellow("-")} ${name} skipped: ${names.stage(event.because)} failed`);
      default:
        return forgotten(event);
    }
  }

  #endedText(seconds: number, metrics: { readonly [name: string]: number }): string {
    const shown = (this.options.headline ?? []).filter((name) => metrics[name] !== undefined);
    const values = shown.map((name) => `${name} ${metrics[name]!.toFixed(4)}`);
    return [durationText(seconds), ...values].join("  ");
  }

  #tick(): void {
    if (this.display !== null) return this.#render();
    if (this.#seen === null || this.#now - this.#saidAt < PLAIN_MILLISECONDS) return;
    const shown = this.#shown(this.#seen);
    if (shown.progress.running.length === 0) return;
    this.#saidAt = this.#now;
    this.stream.write(`  ${summaryText(shown)}\n`);
  }

  #shown({ state, names }: { readonly state: SweepState; readonly names: Names }): Shown {
    const progress = progressOf(state, this.#toRun);
    return { state, names, progress, live: this.#live, now: this.#now };
  }

  #render(): void {
    if (this.display === null) return;
    // A column stays free: some terminals break a line that fills the last one.
    const columns = (this.stream.columns || 80) - 1;
    const rows = (this.stream.rows || 24) - (this.#transient === null ? 0 : 1);
    const lines =
      this.#seen === null || this.#timer === null
        ? []
        : screenOf(this.#shown(this.#seen), this.#paint, { columns, rows });
    if (this.#transient !== null)
      lines.push(clip(this.#paint.dim(`  ${this.#transient}`), columns));
    if (lines.length === 0) this.display.clear();
    else this.display.show(lines.join("\n"));
  }

  /** Takes the live part away. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#transient = null;
    this.stream.off("resize", this.#onResize);
    this.display?.clear();
  }
}

const indent = (text: string): string =>
  text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
