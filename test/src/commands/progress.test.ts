import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import { clip } from "../../../src/commands/live-screen.js";
import { ProgressView } from "../../../src/commands/progress.js";
import { progressOf } from "../../../src/commands/sweep-progress.js";
import type { Event } from "../../../src/journal/events.js";
import type { SweepLive, SweepState } from "../../../src/journal/index.js";
import { applyEntry } from "../../../src/journal/index.js";
import {
  cache,
  entriesOf,
  fail,
  finish,
  journals,
  lasts,
  shared,
  stages,
  start,
  started,
} from "../../support/journal.js";

const all = new Set(stages.map(({ fingerprint }) => fingerprint));

/** What the events of one run alone say of its stages. */
function heardOf(events: readonly Event[]): Map<Fingerprint, string> {
  let heard = new Map<Fingerprint, string>();
  for (const event of events) {
    if (event.type === "sweep-started") heard = new Map();
    else if (event.type === "sweep-finished") {
      for (const [stage, what] of heard) if (what === "started") heard.set(stage, "interrupted");
    } else if (
      event.type !== "sweep-progress" &&
      !["stage-metrics", "stage-note", "stage-facts"].includes(event.type)
    ) {
      heard.set(event.stage, event.type.replace("stage-", ""));
    }
  }
  return heard;
}

describe("the progress of a run", () => {
  it("is what the events of this run say, whatever earlier runs came to", () => {
    fc.assert(
      fc.property(journals, fc.subarray([...all]), (events, toRun) => {
        let state: SweepState | null = null;
        for (const [index, entry] of entriesOf(events).entries()) {
          state = applyEntry(state, entry);
          const heard = heardOf(events.slice(0, index + 1));
          const count = (...what: string[]): number =>
            toRun.filter((stage) => what.includes(heard.get(stage) ?? "")).length;
          const progress = progressOf(state!, new Set(toRun));
          expect(progress).toMatchObject({
            done: count("finished"),
            failed: count("failed"),
            skipped: count("skipped"),
            all: toRun.length - count("cached"),
          });
          expect(progress.running.length).toBe(count("started"));
          expect(progress.waiting).toEqual(
            stages
              .map(({ fingerprint }) => fingerprint)
              .filter((stage) => toRun.includes(stage))
              .filter((stage) => ["interrupted", undefined].includes(heard.get(stage))),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** What the display of a terminal and the lines that stay hold after some events. */
function shown(
  events: readonly Event[],
  said: SweepLive = { left: null, stages: {} },
  window: { readonly columns?: number; readonly rows?: number } = {},
): { readonly lines: string[]; readonly live: string[] } {
  const stream = Object.assign(new PassThrough(), window) as unknown as NodeJS.WriteStream;
  let live = "";
  const display = {
    show: (text: string): void => void (live = text),
    clear: (): void => void (live = ""),
  };
  const view = new ProgressView(stream, display, {
    toRun: all,
    headline: ["test.score"],
    now: () => 1_008_500,
  });
  let state: SweepState | null = null;
  for (const entry of entriesOf(events)) {
    state = applyEntry(state, entry);
    view.hear(entry, state!);
  }
  view.live(said);
  view.passing("a passing line");
  const before = live.split("\n");
  view.close();
  const lines = String((stream as unknown as PassThrough).read() ?? "").split("\n");
  return { lines: lines.slice(0, -1), live: before };
}

describe("the progress display", () => {
  const [first, second, third] = lasts.map(({ fingerprint }) => fingerprint) as [
    Fingerprint,
    Fingerprint,
    Fingerprint,
  ];

  it("calls cells by their names and counts what this run does", () => {
    const { lines, live } = shown([
      ...[started, start(shared.fingerprint), finish(shared.fingerprint, 1)],
      ...[start(first), finish(first, 0.5), start(second), fail(second)],
      { type: "stage-note", stage: third, severity: "warning", message: "odd" },
      start(third),
    ]);
    expect(lines).toEqual([
      "✓ base shared 1.0 s  test.score 1.0000",
      "✓ model seed=1 1.0 s  test.score 0.5000",
      "✗ model seed=2: it broke",
      "! model seed=3: odd",
    ]);
    expect(live).toEqual([
      "2 of 4 stages done, 1 running, 1 failed, 8.5 s so far, time left not known yet",
      "  cells  █████××××××▒▒▒▒▒ 1 of 3, 1 running, 1 failed",
      "  base   ████████████████ 1 of 1",
      "  model  █████××××××▒▒▒▒▒ 1 of 3, 1 running, 1 failed",
      "  worker 1  model seed=3  0.5 s",
      "  a passing line",
    ]);
  });

  const onCards = [
    ...[started, cache(shared.fingerprint, 1)],
    { ...start(second), worker: 2, gpus: [1] } as Event,
    ...[first, third].map((stage) => ({ ...start(stage), gpus: [0], fusedWith: 2 }) as Event),
  ];
  const usage = { requests: 3, retries: 1, promptTokens: 12_000, completionTokens: 50, usd: 0.5 };
  const said = {
    ...{ done: 3.4, total: 20, unit: "epochs", secondsLeft: 99 },
    rate: { value: 65_000, unit: "samples" },
  };
  const telling: SweepLive = {
    left: { seconds: 4000, measured: false },
    stages: { [first]: said, [third]: said, [second]: { ...said, secondsLeft: null, usage } },
  };

  it("shows who is on each card, how fast, and how long it still takes", () => {
    const { live } = shown([...onCards, { type: "sweep-progress", ...telling }], telling, {
      columns: 100,
      rows: 30,
    });
    expect(live).toEqual([
      "0 of 3 stages done, 3 running, 8.5 s so far, perhaps 1 h 07 min left",
      "  cells  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 0 of 3, 3 running",
      "  base   ████████████████ 1 of 1, 1 cached",
      "  model  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 0 of 3, 3 running",
      "  GPU 0  model seed=1 and 1 more in one model  3 of 20 epochs, 130 k samples/s, 1 min 40 s left",
      "  GPU 1  model seed=2  3 of 20 epochs, 65 k samples/s, 6.5 s",
      "  3 requests (1 repeated), 12.0 k tokens read, 50 written, 0.50 USD",
      "  a passing line",
    ]);
  });

  it("tells the cards of different nodes apart, and the jobs of one array", () => {
    const inJob = (stage: Fingerprint, id: string, node: string, gpus: number[]): Event =>
      ({ ...start(stage), job: { id, node }, worker: 1, gpus }) as Event;
    const { live } = shown([
      ...[started, cache(shared.fingerprint, 1), inJob(first, "7_0", "n10", [0])],
      ...[inJob(second, "7_1", "n2", [0]), inJob(third, "7_2", "n2", [])],
    ]);
    expect(live.filter((line) => / (?:GPU|job) /.test(line))).toEqual([
      "  n2 GPU 0  model seed=2  5.5 s",
      "  n10 GPU 0  model seed=1  6.5 s",
      "  job 7_2 on n2  model seed=3  4.5 s",
    ]);
  });

  it("fits into a narrow and into a low window: what changes is kept, no line is wider", () => {
    const narrow = shown(onCards, telling, { columns: 56, rows: 30 }).live;
    expect(narrow.slice(0, 2)).toEqual([
      "0 of 3 stages done, 3 running",
      "  8.5 s so far, perhaps 1 h 07 min left",
    ]);
    expect(narrow).toContain("  model  0 of 3, 3 running");
    expect(narrow.some((line) => line.endsWith("1 min 40 s l"))).toBe(false);
    expect(Math.max(...narrow.map((line) => line.length))).toBeLessThan(56);
    for (const rows of [2, 3, 4, 5, 6, 8]) {
      const { live } = shown(onCards, telling, { columns: 80, rows });
      expect(live.length).toBeLessThan(Math.max(3, rows + 1));
      expect(live[0]).toMatch(/^0 of 3 stages done/);
    }
  });

  it("cuts wide characters by the columns that they take", () => {
    expect(clip("多様性", 4)).toBe("多様");
  });

  it("of a resumed run begins anew, and says what turned out to be in the store", () => {
    const { lines, live } = shown([
      ...[started, start(first), finish(first, 0.5), start(second), fail(second)],
      ...[started, cache(first, 0.5), { type: "stage-interrupted", stage: second } as const],
      { type: "stage-skipped", stage: third, because: shared.fingerprint },
    ]);
    expect(lines.slice(2)).toEqual([
      "✓ model seed=1 cached",
      "‖ model seed=2 interrupted; the next run continues it",
      "- model seed=3 skipped: base shared failed",
    ]);
    expect(live[0]).toMatch(/^0 of 3 stages done, /);
  });
});
