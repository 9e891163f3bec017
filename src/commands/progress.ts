import type { JournalEntry } from "../journal/events.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { EventSink, SweepState } from "../journal/index.js";
import type { RunnerEvent } from "../contract/runner.js";
import type { Colours } from "../base/terminal.js";
import { colours } from "../base/terminal.js";
import type { LiveProgress } from "./time-left.js";
import { durationText, stageSecondsLeft, sweepSecondsLeft } from "./time-left.js";

/** Takes a block of lines that replaces the one before; an empty one takes it away. */
export interface LiveDisplay {
  show(text: string): void;
  clear(): void;
}

const REFRESH_MILLISECONDS = 200;
const PLAIN_MILLISECONDS = 15_000;
const SHOWN_STAGES = 8;

/**
 * Shows a sweep on stderr while it goes on: lines that stay for what ended, and below them, on a
 * terminal, what runs now with the time left. Elsewhere a line now and then says the same.
 */
export class ProgressView implements EventSink {
  readonly #paint: Colours;
  readonly #live = new Map<Fingerprint, LiveProgress>();
  readonly #running = new Set<Fingerprint>();
  readonly #waiting = new Set<Fingerprint>();
  readonly #counts = { done: 0, cached: 0, failed: 0, skipped: 0 };
  #state: SweepState | null = null;
  #timer: NodeJS.Timeout | null = null;
  #transient: string | null = null;
  #began = Date.now();
  #saidAt = Date.now();

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly display: LiveDisplay | null,
    private readonly options: {
      /** Stages that this run will run. */
      readonly toRun: ReadonlySet<Fingerprint>;
      /** Names for people; a stage without one goes by its label. */
      readonly names?: ReadonlyMap<Fingerprint, string>;
      /** Metrics that are shown of a stage that is done. */
      readonly headline?: readonly string[];
      readonly now?: () => number;
    },
  ) {
    this.#paint = colours(stream);
    for (const stage of options.toRun) this.#waiting.add(stage);
  }

  get #now(): number {
    return this.options.now?.() ?? Date.now();
  }

  /** A line that stays. */
  line(text: string): void {
    this.display?.clear();
    this.stream.write(`${text}\n`);
    this.#render();
  }

  /** A line that the next one replaces; only a terminal shows it. */
  passing(text: string | null): void {
    this.#transient = text;
    this.#render();
  }

  hear(entry: JournalEntry, state: SweepState): void {
    this.#state = state;
    const { event } = entry;
    if (event.type === "sweep-started") {
      this.#began = entry.time;
      const interval = this.display === null ? 1000 : REFRESH_MILLISECONDS;
      this.#timer = setInterval(() => this.#tick(), interval);
      this.#timer.unref();
    } else if (event.type === "sweep-finished") {
      this.close();
    } else {
      this.#hearStage(event);
    }
  }

  #hearStage(event: JournalEntry["event"] & { stage: Fingerprint }): void {
    const { green, red, yellow, dim } = this.#paint;
    const label = this.#label(event.stage);
    switch (event.type) {
      case "stage-cached":
        this.#counts.cached += 1;
        // Those that were there from the start are told as a number.
        if (this.#leave(event.stage)) this.line(`${green("✓")} ${label} ${dim("cached")}`);
        return;
      case "stage-started":
        this.#waiting.delete(event.stage);
        this.#running.add(event.stage);
        this.#live.delete(event.stage);
        if (this.display === null) {
          const where = event.gpus.length === 0 ? "" : ` on GPU ${event.gpus.join(", ")}`;
          const company = event.fusedWith > 1 ? ` (${event.fusedWith} in one model)` : "";
          this.line(`  ${label} started${where}${company}`);
        }
        return;
      case "stage-finished":
        this.#counts.done += 1;
        this.#leave(event.stage);
        this.line(
          `${green("✓")} ${label} ${dim(this.#ended(event.seconds, event.result.metrics))}`,
        );
        return;
      case "stage-failed":
        this.#counts.failed += 1;
        this.#leave(event.stage);
        this.line(`${red("✗")} ${label}: ${event.error.message}`);
        if (event.error.detail !== undefined) this.line(dim(indent(event.error.detail)));
        return;
      case "stage-interrupted":
        this.#running.delete(event.stage);
        this.#waiting.add(event.stage);
        this.line(`${yellow("‖")} ${label} interrupted; the next run goes on with it`);
        return;
      case "stage-skipped":
        this.#counts.skipped += 1;
        this.#leave(event.stage);
        this.line(`${yellow("-")} ${label} skipped: ${this.#label(event.because)} failed`);
        return;
      case "stage-note":
        this.line(
          `${event.severity === "warning" ? yellow("!") : dim("i")} ${label}: ${event.message}`,
        );
        return;
      case "stage-metrics":
      case "stage-facts":
      case "sweep-started":
      case "sweep-finished":
        return;
    }
  }

  #leave(stage: Fingerprint): boolean {
    this.#live.delete(stage);
    const ran = this.#running.delete(stage);
    return this.#waiting.delete(stage) || ran;
  }

  #label(stage: Fingerprint): string {
    return this.options.names?.get(stage) ?? this.#state?.stages.get(stage)?.record.label ?? stage;
  }

  #ended(seconds: number, metrics: { readonly [name: string]: number }): string {
    const shown = (this.options.headline ?? []).filter((name) => metrics[name] !== undefined);
    const values = shown.map((name) => `${name} ${metrics[name]!.toFixed(4)}`);
    return [durationText(seconds), ...values].join("  ");
  }

  progress(stage: Fingerprint, event: Extract<RunnerEvent, { type: "progress" }>): void {
    const { done, total, unit, secondsLeft } = event;
    const known = secondsLeft === undefined ? {} : { secondsLeft };
    this.#live.set(stage, { done, total, unit, ...known, time: this.#now });
  }

  #tick(): void {
    if (this.display !== null) this.#render();
    else if (this.#now - this.#saidAt >= PLAIN_MILLISECONDS && this.#running.size > 0) {
      this.#saidAt = this.#now;
      this.stream.write(`  ${this.summary()}\n`);
    }
  }

  /** How far the sweep is and how long it takes, in one line. */
  summary(): string {
    const { done, failed, skipped } = this.#counts;
    const ended = done + failed + skipped;
    const all = ended + this.#running.size + this.#waiting.size;
    const left =
      this.#state === null
        ? null
        : sweepSecondsLeft(this.#state, this.#waiting, this.#live, this.#now);
    return [
      `${done} of ${all} stages done`,
      ...(this.#running.size > 0 ? [`${this.#running.size} running`] : []),
      ...(failed > 0 ? [`${failed} failed`] : []),
      `${durationText((this.#now - this.#began) / 1000)} so far`,
      left === null ? "time left not known yet" : `about ${durationText(left)} left`,
    ].join(", ");
  }

  #render(): void {
    if (this.display === null) return;
    const lines: string[] = [];
    if (this.#state !== null && this.#timer !== null) {
      lines.push(this.#paint.bold(this.summary()));
      const running = [...this.#running].slice(0, SHOWN_STAGES);
      lines.push(...running.map((stage) => `  ${this.#runningText(stage)}`));
      if (this.#running.size > SHOWN_STAGES) {
        lines.push(this.#paint.dim(`  and ${this.#running.size - SHOWN_STAGES} more`));
      }
    }
    if (this.#transient !== null) lines.push(this.#paint.dim(`  ${this.#transient}`));
    const columns = (this.stream.columns || 80) - 1;
    if (lines.length === 0) this.display.clear();
    else this.display.show(lines.map((line) => clip(line, columns)).join("\n"));
  }

  #runningText(fingerprint: Fingerprint): string {
    const stage = this.#state!.stages.get(fingerprint)!;
    const label = this.#label(fingerprint);
    const where = stage.gpus.length === 0 ? "" : ` [GPU ${stage.gpus.join(", ")}]`;
    const live = this.#live.get(fingerprint);
    const { dim } = this.#paint;
    if (live === undefined) {
      const spent = (this.#now - (stage.startedAt ?? this.#now)) / 1000;
      return `${label}${where} ${dim(durationText(spent))}`;
    }
    const left = stageSecondsLeft(stage, live, this.#now);
    const number = (value: number): string => value.toLocaleString("en-US");
    const at = `${number(live.done)} of ${number(live.total)} ${live.unit}`;
    return `${label}${where} ${dim(left === null ? at : `${at}, ${durationText(left)} left`)}`;
  }

  /** Takes the live part away. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#transient = null;
    this.display?.clear();
  }
}

const indent = (text: string): string =>
  text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");

const COLOUR = /\u001b\[[0-9;]*m/y;

/** The text cut to so many columns, colours kept. */
function clip(text: string, columns: number): string {
  let shown = "";
  let width = 0;
  for (let at = 0; at < text.length;) {
    COLOUR.lastIndex = at;
    const colour = COLOUR.exec(text)?.[0];
    if (colour !== undefined) {
      shown += colour;
      at += colour.length;
    } else {
      if (width < columns) shown += text[at];
      width += 1;
      at += 1;
    }
  }
  return shown;
}
