import sliceAnsi from "slice-ansi";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Names } from "../contract/records.js";
import { tokensPerSecond } from "../contract/usage.js";
import type { SweepLive, StageState, SweepState, TimeLeft } from "../journal/index.js";
import { callOf, paidBy } from "../journal/index.js";
import type { Colours } from "../base/terminal.js";
import { countText, durationText, rateText, usageText } from "./numbers.js";
import type { StageCounts, SweepProgress } from "./sweep-progress.js";
import { placeOf } from "./where.js";

/** What a live view of a sweep shows, at a moment. */
export interface Shown {
  readonly state: SweepState;
  readonly names: Names;
  readonly progress: SweepProgress;
  readonly live: SweepLive;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A terminal's window. */
export interface Window {
  readonly columns: number;
  readonly rows: number;
}

/** A name is cut to so many characters at least. */
const LEAST_NAME = 12;
/** What stands before the counts of cells, above those of the kinds of stages. */
const CELLS = "cells";
/** How full a bar is drawn, in characters. */
const BAR = 16;
/** A window with fewer columns has no room for bars. */
const BARS_FROM = 70;

/** One line with the progress of the sweep, the time so far and the time left. */
export const summaryText = (shown: Shown): string => summaryParts(shown).join(", ");

/** The same in two parts: what is done, and the time. */
function summaryParts({ state, progress, live, now }: Shown): [string, string] {
  const { done, failed, running, all } = progress;
  const counts = [
    `${done} of ${all} stages done`,
    ...(running.length > 0 ? [`${running.length} running`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  const spent = `${durationText((now - state.startedAt) / 1000)} so far`;
  return [counts.join(", "), `${spent}, ${leftText(live.left)}`];
}

const leftText = (left: TimeLeft | null): string => {
  if (left === null) return "time left not known yet";
  const time = roundedText(left.seconds);
  return left.measured ? `about ${time} left` : `perhaps ${time} left`;
};

/** A time that is not sure, no finer than it is known: to 5 s, then to the minute. */
function roundedText(seconds: number): string {
  if (seconds < 60) return durationText(seconds);
  const step = seconds < 600 ? 5 : 60;
  const text = durationText(Math.round(seconds / step) * step);
  return step === 60 ? text.replace(/ 00 s$/, "") : text;
}

/**
 * The live view: a line for the sweep, one for its cells, one for each kind of stage, one for each call that runs, by
 * card or worker, and what was paid. It fits into the window; the calls that find no room are counted.
 */
export function screenOf(shown: Shown, paint: Colours, window: Window): string[] {
  const summary = summaryText(shown);
  const [counts, times] = summaryParts(shown);
  const head = summary.length <= window.columns ? [summary] : [counts, `  ${times}`];
  const counted = [[CELLS, shown.progress.cells] as const, ...shown.progress.kinds];
  const width = widest(counted.map(([name]) => name));
  const rows = counted.map(([name, counts]) => countsText(name, counts, width, paint, window));
  const paid = paidBy(shown.state.stages.values());
  const foot = paid === null ? [] : [paint.dim(`  ${usageText(paid)}`)];
  const calls = callsOf(shown).map((call) => callText(call, shown, paint, window));
  // What runs comes before the counts where the window is low. One line is the cursor's.
  const room = Math.max(1, window.rows - 1 - head.length - foot.length);
  const fitting = rows.length + Math.min(calls.length, 2) <= room ? rows : [];
  const most = Math.max(0, room - fitting.length);
  const fit = calls.length <= most ? calls : calls.slice(0, Math.max(0, most - 1));
  const more = calls.length - fit.length;
  const rest = more > 0 && most > 0 ? [paint.dim(`  and ${more} more`)] : [];
  return [...head.map((line) => paint.bold(line)), ...fitting, ...fit, ...rest, ...foot]
    .slice(0, Math.max(1, window.rows - 1))
    .map((line) => clip(line, window.columns));
}

/** The text without what goes beyond so many columns; colours are ended, wide characters count twice. */
export const clip = (text: string, columns: number): string => sliceAnsi(text, 0, columns);

const widest = (texts: readonly string[]): number =>
  texts.reduce((most, text) => Math.max(most, text.length), 0);

function countsText(
  name: string,
  counts: StageCounts,
  width: number,
  paint: Colours,
  { columns }: Window,
): string {
  const { done, cached, failed, skipped, running, waiting } = counts;
  const all = done + cached + failed + skipped + running + waiting;
  const parts = [
    `${done + cached} of ${all}`,
    ...(cached > 0 ? [`${cached} cached`] : []),
    ...(running > 0 ? [paint.cyan(`${running} running`)] : []),
    ...(failed > 0 ? [paint.red(`${failed} failed`)] : []),
    ...(skipped > 0 ? [paint.yellow(`${skipped} skipped`)] : []),
  ];
  const bar = columns < BARS_FROM ? "" : `${barOf(counts, all, paint)} `;
  return `  ${name.padEnd(width)}  ${bar}${parts.join(", ")}`;
}

/** Done, failed, running, and a rest; with no colour the parts are told apart by their characters. */
function barOf(
  { done, cached, failed, skipped, running }: StageCounts,
  all: number,
  paint: Colours,
): string {
  const until = (count: number): number => Math.round((BAR * count) / all);
  const ended = done + cached;
  const good = until(ended);
  const bad = until(ended + failed + skipped) - good;
  const busy = until(ended + failed + skipped + running) - good - bad;
  const rest = BAR - good - bad - busy;
  return (
    paint.green("█".repeat(good)) +
    paint.red("×".repeat(bad)) +
    paint.cyan("▒".repeat(busy)) +
    paint.dim("·".repeat(rest))
  );
}

/** Node n2 before node n10. */
const BY_NUMBERS = new Intl.Collator("en", { numeric: true });

/** Stages that one worker runs together. */
interface Call {
  readonly where: string;
  readonly stages: readonly StageState[];
}

/** The calls that run: those on cards by card, the others by worker. */
function callsOf({ state, progress }: Shown): Call[] {
  const calls = new Map<string, StageState[]>();
  for (const fingerprint of progress.running) {
    const stage = state.stages.get(fingerprint)!;
    const call = calls.get(callOf(stage));
    if (call === undefined) calls.set(callOf(stage), [stage]);
    else call.push(stage);
  }
  const sorted = [...calls.values()].sort(
    ([a], [b]) =>
      Number(b!.gpus.length > 0) - Number(a!.gpus.length > 0) ||
      BY_NUMBERS.compare(a!.job?.node ?? "", b!.job?.node ?? "") ||
      (a!.gpus[0] ?? 0) - (b!.gpus[0] ?? 0) ||
      BY_NUMBERS.compare(callOf(a!), callOf(b!)),
  );
  return sorted.map((stages) => ({ where: placeOf(stages[0]!), stages }));
}

function callText(
  { where, stages }: Call,
  { names, live, now }: Shown,
  paint: Colours,
  { columns }: Window,
): string {
  const first = stages[0]!;
  const name = names.stage(first.record.fingerprint);
  const company = stages.length > 1 ? ` and ${stages.length - 1} more in one model` : "";
  const said = stages.flatMap(({ record }) => live.stages[record.fingerprint] ?? [])[0];
  const spent = (now - (first.startedAt ?? now)) / 1000;
  const tokens = said?.usage === undefined ? null : tokensPerSecond(said.usage, spent);
  const rate = said?.rate ?? (tokens === null ? null : { value: tokens, unit: "tokens" });
  const parts = [
    ...(said !== undefined && said.total > 0 ? [placeText(said)] : []),
    ...(rate === null || rate === undefined ? [] : [rateText(together(rate, stages, live))]),
    ...(said?.secondsLeft == null
      ? [durationText(spent)]
      : [`${roundedText(said.secondsLeft)} left`]),
  ];
  const progress = parts.join(", ");
  // Of a long name the beginning is shown, so that there is room for what changes.
  const room = Math.max(LEAST_NAME, columns - where.length - progress.length - 6);
  const called = `${name}${company}`;
  const shown = called.length <= room ? called : `${called.slice(0, room - 1)}…`;
  return `  ${paint.cyan(where)}  ${shown}  ${paint.dim(progress)}`;
}

/** `3 of 20 epochs`; parts of a step are not shown. */
const placeText = ({ done, total, unit }: { done: number; total: number; unit: string }): string =>
  `${countOf(Math.floor(done))} of ${countOf(total)} ${unit}`;

const countOf = (count: number): string =>
  count < 1e6 ? count.toLocaleString("en-US") : countText(count);

/** The stages of one call work side by side: their rates add up. */
function together(
  rate: { readonly value: number; readonly unit: string },
  stages: readonly StageState[],
  live: SweepLive,
): { readonly value: number; readonly unit: string } {
  if (stages.length === 1) return rate;
  const value = stages.reduce(
    (sum, { record }) => sum + (live.stages[record.fingerprint]?.rate?.value ?? 0),
    0,
  );
  return { ...rate, value };
}

/** What is known of a sweep that says nothing of itself. */
export const NOTHING_LIVE: SweepLive = {
  left: null,
  stages: {} as { [stage: Fingerprint]: never },
};
