import type { Event, JournalEntry, StageEvent } from "../journal/events.js";
import { forgotten } from "../journal/events.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { namesOf } from "../cells/index.js";
import type { Names } from "../contract/records.js";
import type { EventSink, StageState, SweepState } from "../journal/index.js";
import type { RunnerEvent } from "../contract/runner.js";
import type { Colours } from "../base/terminal.js";
import { colours } from "../base/terminal.js";
import type { SweepProgress } from "./sweep-progress.js";
import { progressOf } from "./sweep-progress.js";
import type { LiveProgress } from "./time-left.js";
import { errorDetails, retryText } from "./failure-text.js";
import { durationText, stageSecondsLeft, sweepSecondsLeft } from "./time-left.js";

/** Shows a block of lines in place of the block before; an empty block removes it. */
export interface LiveDisplay {
  show(text: string): void;
  clear(): void;
}

const REFRESH_MILLISECONDS = 200;
const PLAIN_MILLISECONDS = 15_000;
const SHOWN_STAGES = 8;

/** The events after which a stage's status may be another one. */
type StageChange = Exclude<
  StageEvent,
  { readonly type: "stage-metrics" | "stage-facts" | "stage-note" }
>;

/**
 * Shows a sweep on stderr while it goes on: lines that stay for what ended, and below them, on a
 * terminal, what runs now with the time left. Elsewhere a line now and then says the same. A view of
 * the journal's state: of its own it keeps only what the journal does not have, live progress.
 */
export class ProgressView implements EventSink {
  readonly #paint: Colours;
  readonly #live = new Map<Fingerprint, LiveProgress>();
  /** The state as it was last heard of, and its names; null before the sweep starts. */
  #seen: { readonly state: SweepState; readonly names: Names } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #transient: string | null = null;
  #saidAt = Date.now();

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

  hear({ event }: JournalEntry, state: SweepState): void {
    const isNew = event.type === "sweep-started" || this.#seen === null;
    const names = isNew ? namesOf(state) : this.#seen!.names;
    this.#seen = { state, names };
    this.#tell(event, names);
  }

  #tell(event: Event, names: Names): void {
    switch (event.type) {
      case "sweep-started": {
        const interval = this.display === null ? 1000 : REFRESH_MILLISECONDS;
        this.#timer = setInterval(() => this.#tick(), interval);
        this.#timer.unref();
        return;
      }
      case "sweep-finished":
        return this.close();
      case "stage-started":
      case "stage-cached":
      case "stage-retried":
      case "stage-finished":
      case "stage-failed":
      case "stage-interrupted":
      case "stage-skipped":
        this.#live.delete(event.stage);
        return this.#tellChange(event, names);
      case "stage-note": {
        const { yellow, dim } = this.#paint;
        const sign = event.severity === "warning" ? yellow("!") : dim("i");
        return this.line(`${sign} ${names.stage(event.stage)}: ${event.message}`);
      }
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
        const where = event.gpus.length === 0 ? "" : ` on GPU ${event.gpus.join(", ")}`;
        const company = event.fusedWith > 1 ? ` (${event.fusedWith} in one model)` : "";
        return this.line(`  ${name} started${where}${company}`);
      }
      case "stage-cached":
        // Those that were there from the start are told as a number.
        if (this.options.toRun.has(event.stage))
          this.line(`${green("✓")} ${name} ${dim("cached")}`);
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
        return this.line(`${yellow("‖")} ${name} interrupted; the next run continues it`);
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

  progress(stage: Fingerprint, event: Extract<RunnerEvent, { type: "progress" }>): void {
    const { done, total, unit, secondsLeft } = event;
    const known = secondsLeft === undefined ? {} : { secondsLeft };
    this.#live.set(stage, { done, total, unit, ...known, time: this.#now });
  }

  #tick(): void {
    if (this.display !== null) return this.#render();
    if (this.#seen === null || this.#now - this.#saidAt < PLAIN_MILLISECONDS) return;
    const { state } = this.#seen;
    const progress = progressOf(state, this.options.toRun);
    if (progress.running.length === 0) return;
    this.#saidAt = this.#now;
    this.stream.write(`  ${this.#summary(state, progress)}\n`);
  }

  /** One line with the progress of the sweep, the time so far and the time left. */
  #summary(state: SweepState, { done, failed, running, waiting, all }: SweepProgress): string {
    const left = sweepSecondsLeft(state, waiting, this.#live, this.#now);
    return [
      `${done} of ${all} stages done`,
      ...(running.length > 0 ? [`${running.length} running`] : []),
      ...(failed > 0 ? [`${failed} failed`] : []),
      `${durationText((this.#now - state.startedAt) / 1000)} so far`,
      left === null ? "time left not known yet" : `about ${durationText(left)} left`,
    ].join(", ");
  }

  #render(): void {
    if (this.display === null) return;
    const lines: string[] = [];
    if (this.#seen !== null && this.#timer !== null) {
      const { state, names } = this.#seen;
      const progress = progressOf(state, this.options.toRun);
      const { running } = progress;
      lines.push(this.#paint.bold(this.#summary(state, progress)));
      const shown = running.slice(0, SHOWN_STAGES);
      lines.push(
        ...shown.map((stage) => `  ${this.#runningText(state.stages.get(stage)!, names)}`),
      );
      if (running.length > SHOWN_STAGES) {
        lines.push(this.#paint.dim(`  and ${running.length - SHOWN_STAGES} more`));
      }
    }
    if (this.#transient !== null) lines.push(this.#paint.dim(`  ${this.#transient}`));
    const columns = (this.stream.columns || 80) - 1;
    if (lines.length === 0) this.display.clear();
    else this.display.show(lines.map((line) => clip(line, columns)).join("\n"));
  }

  #runningText(stage: StageState, names: Names): string {
    const { fingerprint } = stage.record;
    const name = names.stage(fingerprint);
    const where = stage.gpus.length === 0 ? "" : ` [GPU ${stage.gpus.join(", ")}]`;
    const live = this.#live.get(fingerprint);
    const { dim } = this.#paint;
    if (live === undefined) {
      const spent = (this.#now - (stage.startedAt ?? this.#now)) / 1000;
      return `${name}${where} ${dim(durationText(spent))}`;
    }
    const left = stageSecondsLeft(stage, live, this.#now);
    const number = (value: number): string => value.toLocaleString("en-US");
    const at = `${number(live.done)} of ${number(live.total)} ${live.unit}`;
    return `${name}${where} ${dim(left === null ? at : `${at}, ${durationText(left)} left`)}`;
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

/** The text, cut to this many columns; colours are kept. */
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
