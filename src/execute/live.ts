import type { Fingerprint } from "../base/fingerprint.js";
import type { RunnerEvent } from "../contract/runner.js";
import type { Usage } from "../contract/usage.js";
import { addUsage, NO_USAGE } from "../contract/usage.js";
import type { Account, Forecast } from "../forecast/index.js";
import { SteadyTime } from "../forecast/index.js";
import type {
  EventSink,
  JournalWriter,
  StageLive,
  SweepLive,
  SweepState,
} from "../journal/index.js";
import type { JournalEntry } from "../journal/events.js";

type Progress = Extract<RunnerEvent, { readonly type: "progress" }>;

/** How often views are told where the stages are, in milliseconds. */
const TELL = 500;
/**
 * The journal keeps it when the run is older by this part than the last time, but no more often than
 * every two seconds and no less often than twice a minute: some hundred lines in a run of any length.
 */
const KEEP_PART = 0.02;
const KEEP_LEAST = 2000;
const KEEP_MOST = 30_000;
/** A rate is what was worked through in so many milliseconds before now. */
const RATE_OVER = 20_000;
/**
 * Playing the rest of a sweep through takes at most this part of the time, where it takes longer than
 * some milliseconds.
 */
const THINKING = 0.05;
const QUICK = 5;

/** What a running stage says of how far it is and what it paid. */
type Report = Extract<RunnerEvent, { type: "progress" | "usage" }>;

interface Point {
  readonly time: number;
  readonly amount: number;
}

/** What a running stage has said of itself. */
interface Said {
  readonly began: number;
  progress: Progress | null;
  /** When it last said so, and where it was when it first did. */
  time: number;
  first: { readonly time: number; readonly part: number } | null;
  usage: Usage | null;
  /** What it has worked through, over the last while. */
  points: { readonly unit: string; readonly list: Point[] } | null;
}

/** Gathers what running stages say of themselves, and tells the views and now and then the journal. */
export class LiveKeeper implements EventSink {
  readonly #said = new Map<Fingerprint, Said>();
  readonly #steady = new SteadyTime();
  /** What stages said before the journal had their start on disk. */
  readonly #early = new Map<Fingerprint, Report[]>();
  readonly #timer: NodeJS.Timeout;
  #state: SweepState | null = null;
  #keptAt = 0;
  #outdated = false;
  #found: ({ readonly at: number; readonly took: number } & ReturnType<Forecast["left"]>) | null =
    null;

  constructor(
    private readonly options: {
      readonly forecast: Forecast;
      readonly toRun: ReadonlySet<Fingerprint>;
      readonly tell: Pick<JournalWriter, "live" | "append">;
      /** Milliseconds since 1970. */
      readonly now?: () => number;
    },
  ) {
    this.#timer = setInterval(() => this.#tick(), TELL);
    this.#timer.unref();
  }

  get #now(): number {
    return this.options.now?.() ?? Date.now();
  }

  hear({ event, time }: JournalEntry, state: SweepState): void {
    this.#state = state;
    if (!("stage" in event)) return;
    if (event.type === "stage-started") {
      const fresh = { progress: null, time, first: null, usage: null, points: null };
      this.#said.set(event.stage, { began: time, ...fresh });
      const early = this.#early.get(event.stage) ?? [];
      this.#early.delete(event.stage);
      for (const said of early) this.report(event.stage, said);
    } else if (/^stage-(finished|failed|interrupted|retried|skipped|cached)$/.test(event.type)) {
      this.#said.delete(event.stage);
      this.#early.delete(event.stage);
      if (event.type === "stage-finished")
        this.options.forecast.learn(state.stages.get(event.stage)!);
    } else return;
    // Something else runs now: what was found of the time left is out of date.
    this.#outdated = true;
  }

  /** What a running stage said. */
  report(stage: Fingerprint, event: Report): void {
    const said = this.#said.get(stage);
    if (said === undefined) {
      this.#early.set(stage, [...(this.#early.get(stage) ?? []), event]);
      return;
    }
    const time = this.#now;
    if (event.type === "usage") {
      said.usage = addUsage(said.usage ?? NO_USAGE, event);
      this.#point(said, "tokens", said.usage.promptTokens + said.usage.completionTokens, time);
      return;
    }
    said.progress = event;
    said.time = time;
    const part = partOf(event);
    if (part !== null) said.first ??= { time, part };
    if (said.usage !== null) return;
    const { count, unit } = event.amount ?? { count: event.done, unit: event.unit };
    this.#point(said, unit, count, time);
  }

  #point(said: Said, unit: string, amount: number, time: number): void {
    if (said.points?.unit !== unit) said.points = { unit, list: [] };
    const { list } = said.points;
    list.push({ time, amount });
    while (list.length > 2 && list[1]!.time < time - RATE_OVER) list.shift();
  }

  #tick(): void {
    if (this.#state === null || this.#said.size === 0) return;
    const now = this.#now;
    const live = this.#look(this.#state, now);
    this.options.tell.live(live);
    const wait = Math.min(
      KEEP_MOST,
      Math.max(KEEP_LEAST, KEEP_PART * (now - this.#state.startedAt)),
    );
    if (now - this.#keptAt < wait) return;
    this.#keptAt = now;
    // Where the disk fails, the next event of a stage says so.
    this.options.tell.append({ type: "sweep-progress", ...live }).catch(() => undefined);
  }

  #look(state: SweepState, now: number): SweepLive {
    const found = this.#find(state, now);
    const stages: { [stage: Fingerprint]: StageLive } = {};
    for (const [fingerprint, { progress, usage, points }] of this.#said) {
      const left = found.stages.get(fingerprint);
      if (progress === null && left === undefined && usage === null) continue;
      stages[fingerprint] = {
        ...{ done: progress?.done ?? 0, total: progress?.total ?? 0, unit: progress?.unit ?? "" },
        secondsLeft: left === undefined ? null : Math.max(0, left - (now - found.at) / 1000),
        rate: points === null ? null : rateOf(points, now),
        ...(usage !== null && { usage }),
      };
    }
    const since = (now - found.at) / 1000;
    const left = found.left && { ...found.left, seconds: Math.max(0, found.left.seconds - since) };
    return { left: this.#steady.show(left, now), stages };
  }

  /** The time left as it was last found, which may be a moment ago where finding it takes long. */
  #find(state: SweepState, now: number): { readonly at: number } & ReturnType<Forecast["left"]> {
    const { forecast, toRun } = this.options;
    const last = this.#found;
    if (last !== null) {
      const rest = last.took < QUICK ? 0 : last.took / THINKING;
      if (now - last.at < (this.#outdated ? rest : Math.max(TELL, rest))) return last;
    }
    this.#outdated = false;
    const accounts = new Map<Fingerprint, Account>();
    for (const [fingerprint, said] of this.#said) {
      const account = accountOf(said, now);
      if (account !== null) accounts.set(fingerprint, account);
    }
    const began = performance.now();
    const found = forecast.left(state, toRun, accounts, now);
    this.#found = { ...found, at: now, took: performance.now() - began };
    return this.#found;
  }

  /** Nothing is told any more. */
  close(): void {
    clearInterval(this.#timer);
  }
}

const partOf = ({ done, total }: Progress): number | null =>
  total > 0 ? Math.min(1, Math.max(0, done / total)) : null;

/**
 * How far a stage is. Its pace is what it did since it first said something: a stage that goes on from
 * a checkpoint begins in the middle.
 */
function accountOf({ began, progress, time, first }: Said, now: number): Account | null {
  const part = progress === null ? null : partOf(progress);
  if (progress === null || part === null || first === null) return null;
  const since = (now - time) / 1000;
  const did = part - first.part;
  const whole = did <= 0 ? null : (first.time - began + (time - first.time) / did) / 1000;
  if (progress.secondsLeft !== undefined) {
    return { part, whole, left: Math.max(0, progress.secondsLeft - since) };
  }
  if (did <= 0) return { part, whole, left: null };
  const left = ((time - first.time) * (1 - part)) / did / 1000;
  return { part, whole, left: Math.max(0, left - since) };
}

function rateOf(
  { unit, list }: { readonly unit: string; readonly list: readonly Point[] },
  now: number,
): StageLive["rate"] {
  const [first] = list;
  const last = list.at(-1);
  if (first === undefined || last === undefined || last.amount <= first.amount) return null;
  // A stage that says nothing for long is slower than its last words.
  const seconds = Math.max(last.time, now - RATE_OVER) - first.time;
  return seconds <= 0 ? null : { value: (1000 * (last.amount - first.amount)) / seconds, unit };
}
