import { afterEach, expect, it } from "vitest";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import type { Forecast } from "../../../src/forecast/index.js";
import type { JournalEntry } from "../../../src/journal/events.js";
import type { SweepLive, SweepState } from "../../../src/journal/index.js";
import { LiveKeeper } from "../../../src/execute/live.js";

const stage = "a".repeat(64) as Fingerprint;
const state = { startedAt: 0, stages: new Map() } as unknown as SweepState;
const forecast = {
  left: () => ({ left: null, stages: new Map() }),
  learn: () => undefined,
} as unknown as Forecast;

const told: SweepLive[] = [];
const keeper = new LiveKeeper({
  forecast,
  toRun: new Set([stage]),
  tell: {
    live: (live) => void told.push(live),
    append: () => Promise.resolve({} as JournalEntry),
  },
});
afterEach(() => keeper.close());

it("shows what a stage said before the journal had its start on disk", async () => {
  keeper.report(stage, { type: "progress", done: 1, total: 2, unit: "steps" });
  const event = { type: "stage-started", stage, attempt: 1, worker: 1 };
  keeper.hear({ seq: 2, time: 0, event } as unknown as JournalEntry, state);
  await expect.poll(() => told.at(-1)?.stages[stage]).toMatchObject({ done: 1, total: 2 });
});
