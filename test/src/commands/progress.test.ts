import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import { ProgressView } from "../../../src/commands/progress.js";
import { progressOf } from "../../../src/commands/sweep-progress.js";
import type { Event } from "../../../src/journal/events.js";
import type { SweepState } from "../../../src/journal/index.js";
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
function shown(events: readonly Event[]): { readonly lines: string[]; readonly live: string[] } {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream;
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
    expect(live[0]).toBe("2 of 4 stages done, 1 running, 1 failed, 8.5 s so far, about 0.5 s left");
    expect(live.slice(1)).toEqual(["  model seed=3 0.5 s", "  a passing line"]);
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
