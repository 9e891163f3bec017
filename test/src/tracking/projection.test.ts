import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import type { Event } from "../../../src/journal/events.js";
import { applyEntry, foldJournal } from "../../../src/journal/index.js";
import { cellCounts } from "../../../src/report/index.js";
import { outcomesOf } from "../../../src/report/outcome.js";
import { compareSweep } from "../../../src/report/sweep.js";
import { Projection } from "../../../src/tracking/projection.js";
import { Store } from "../../../src/store/index.js";
import { sweepSummary } from "../../../src/tracking/summary.js";
import type { RunKey, RunUpdate } from "../../../src/tracking/update.js";
import {
  cache,
  cells,
  entriesOf,
  fail,
  finish,
  journals,
  lasts,
  shared,
  start,
  started,
} from "../../support/journal.js";
import { science } from "../../support/toy/science.js";

/** What MLflow holds after some updates: a run's last status, results and tags. */
interface Told {
  status: string | null;
  /** When it ended; null while it has not. */
  endTime: number | null;
  /** Results as MLflow shows them: one that no longer holds is NaN. */
  readonly results: { [name: string]: number };
  name: string;
  readonly tags: Map<string, string | null>;
  readonly artifacts: Map<string, string>;
}

const newProjection = (): Projection =>
  new Projection({
    artifactFolder: (stage) => `/artifacts/${stage}`,
    summary: sweepSummary(science, new Store("/"), "/"),
  });

function hear(told: Map<RunKey, Told>, updates: readonly RunUpdate[]): void {
  for (const update of updates) {
    const run = told.get(update.key) ?? {
      status: null,
      endTime: null,
      results: {} as { [name: string]: number },
      name: update.name,
      tags: new Map(),
      artifacts: new Map(),
    };
    told.set(update.key, run);
    if (update.status !== null)
      [run.status, run.endTime] = [update.status.status, update.status.endTime];
    for (const name of update.gone.keys()) if (name in run.results) run.results[name] = NaN;
    Object.assign(run.results, update.results?.values);
    run.name = update.name;
    for (const [name, value] of update.tags) run.tags.set(name, value);
    for (const artifact of update.artifacts) {
      if ("text" in artifact) run.artifacts.set(artifact.path, String(artifact.text));
    }
  }
}

/** The results of a run that hold. */
const resultsOf = ({ results }: Told): { readonly [name: string]: number } =>
  Object.fromEntries(Object.entries(results).filter(([, value]) => !Number.isNaN(value)));

/**
 * All that MLflow is told of a journal, taken after every entry; `killed`: and then hears that the
 * process is gone.
 */
function toldOf(events: readonly Event[], killed = false): Map<RunKey, Told> {
  const projection = newProjection();
  const told = new Map<RunKey, Told>();
  for (const entry of entriesOf(events)) {
    projection.apply(entry);
    hear(told, projection.take());
  }
  if (killed) projection.abandon();
  hear(told, projection.take());
  return told;
}

/** After one of these a stage has a run in MLflow. */
const MAKES_RUN: ReadonlySet<Event["type"]> = new Set([
  ...(["stage-cached", "stage-started", "stage-finished", "stage-failed"] as const),
]);

const stateOf = (events: readonly Event[]) => foldJournal(entriesOf(events))!;
const done: Event = { type: "sweep-finished", outcome: "done", seconds: 9 };
const failed: Event = { type: "sweep-finished", outcome: "failed", seconds: 9 };
const [first, second, third] = lasts.map(({ fingerprint }) => fingerprint) as [
  (typeof lasts)[0]["fingerprint"],
  (typeof lasts)[0]["fingerprint"],
  (typeof lasts)[0]["fingerprint"],
];

describe("what MLflow is told", () => {
  it("of a cell that finished, was damaged and failed when it was made again", () => {
    const events: Event[] = [
      started,
      ...[start(first), finish(first, 0.9), start(second), finish(second, 0.8)],
      ...[start(third), finish(third, 0.7), done],
      // The first cell's artifact is damaged: the second run makes it again.
      ...[started, start(first, 2), fail(first), cache(second, 0.8), cache(third, 0.7), failed],
    ];
    const told = toldOf(events);
    expect(told.get("sweep")!.results).toMatchObject({
      cells: 3,
      "cells.finished": 2,
      "cells.failed": 1,
    });
    expect(told.get(`cell:${cells[0]!.id}`)!.status).toBe("FAILED");
    const comparison = JSON.parse(told.get("sweep")!.artifacts.get("comparison.json")!) as {
      readonly cells: { readonly finished: number; readonly failed: number };
    };
    expect(comparison.cells).toMatchObject({ finished: 2, failed: 1 });
    expect(outcomesOf(stateOf(events))[0]).toMatchObject({ state: "failed", metrics: {} });
  });

  it("of a cell that finished and then failed is no metric, mark or error of another attempt", () => {
    const events: Event[] = [
      started,
      start(first),
      {
        ...{ type: "stage-finished", stage: first, seconds: 1 },
        result: { metrics: { "test.score": 0.9, old: 1 }, marks: { leak: "a leak" } },
      },
      ...[done, started, start(first, 2), fail(first), failed],
    ];
    const run = (some: readonly Event[]): Told => toldOf(some).get(`cell:${cells[0]!.id}`)!;
    expect(resultsOf(run(events.slice(0, 3)))).toEqual({ "test.score": 0.9, old: 1 });
    expect(run(events.slice(0, 3)).tags.get("r4ec.mark.leak")).toBe("a leak");
    expect(resultsOf(run(events))).toEqual({});
    expect(run(events).tags.get("r4ec.mark.leak")).toBeNull();
    expect(run(events).tags.get("r4ec.error")).toBe("it broke");
    // Made again at last: what the new result says holds, and nothing else.
    const again = run([...events, started, start(first, 3), finish(first, 0.7)]);
    expect(resultsOf(again)).toEqual({ "test.score": 0.7 });
    expect(again.tags.get("r4ec.error")).toBeNull();
  });

  it("of a cell that failed and waits again is that it waits", () => {
    const told = toldOf([started, start(first), fail(first), failed, started]);
    const run = told.get(`cell:${cells[0]!.id}`)!;
    expect([run.status, run.endTime]).toEqual(["SCHEDULED", null]);
    expect(run.tags.get("r4ec.error")).toBeNull();
    expect(told.get("sweep")!.status).toBe("RUNNING");
  });

  it("of interrupted cells is that they were interrupted, not that they failed", () => {
    const told = toldOf([
      started,
      ...[start(first), { type: "stage-interrupted", stage: first } as const],
      { type: "sweep-finished", outcome: "interrupted", seconds: 9 },
    ]);
    expect(told.get("sweep")!.results).toMatchObject({
      "cells.failed": 0,
      "cells.interrupted": 1,
      "cells.waiting": 2,
    });
    expect(told.get(`cell:${cells[0]!.id}`)!.status).toBe("KILLED");
  });

  it("of what stages paid is each stage's own, and the sum of those that this sweep made", () => {
    const cost = { "cost.requests": 4, "cost.retries": 1, "cost.prompt_tokens": 90 };
    const paying = (event: Event): Event => ({
      ...event,
      ...("result" in event && { result: { metrics: { ...event.result.metrics, ...cost } } }),
    });
    const told = toldOf([
      ...[started, paying(cache(shared.fingerprint, 1))],
      ...lasts
        .slice(0, 2)
        .flatMap(({ fingerprint }) => [start(fingerprint), paying(finish(fingerprint, 1))]),
      { type: "sweep-finished", outcome: "interrupted", seconds: 9 },
    ]);
    expect(told.get("sweep")!.results).toMatchObject({
      "cost.requests": 8,
      "cost.retries": 2,
      "cost.prompt_tokens": 180,
      "cost.usd": 0,
    });
    expect(told.get(`cell:${cells[0]!.id}`)!.results).toMatchObject(cost);
  });

  it("calls each cell by the axes that vary", () => {
    const told = toldOf([started, start(first), start(second)]);
    expect(told.get(`cell:${cells[0]!.id}`)!.name).toBe("seed=1");
    expect(told.get(`cell:${cells[1]!.id}`)!.name).toBe("seed=2");
  });

  it("is the same however the entries are gathered", () => {
    fc.assert(
      fc.property(
        journals,
        fc.array(fc.boolean(), { maxLength: 40 }),
        fc.boolean(),
        (events, takes, killed) => {
          const projection = newProjection();
          const gathered = new Map<RunKey, Told>();
          for (const [index, entry] of entriesOf(events).entries()) {
            projection.apply(entry);
            if (takes[index] === true) hear(gathered, projection.take());
          }
          if (killed) projection.abandon();
          hear(gathered, projection.take());
          const oneByOne = toldOf(events, killed);
          expect([...gathered.keys()].sort()).toEqual([...oneByOne.keys()].sort());
          for (const [key, run] of oneByOne) {
            const { status, endTime, tags } = gathered.get(key)!;
            expect([key, status, endTime]).toEqual([key, run.status, run.endTime]);
            expect(resultsOf(gathered.get(key)!)).toEqual(resultsOf(run));
            expect(tags).toEqual(run.tags);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** The status of a run in MLflow, by the status of its stage in the journal's state. */
const ofStage = {
  ...{ waiting: "SCHEDULED", running: "RUNNING", done: "FINISHED", cached: "FINISHED" },
  ...{ failed: "FAILED", skipped: "FAILED", interrupted: "KILLED" },
} as const;
const ofSweep = {
  ...{ running: "RUNNING", done: "FINISHED", failed: "FAILED" },
  ...{ interrupted: "KILLED", killed: "KILLED" },
} as const;

describe("all views of one journal", () => {
  it("agree on the sweep, on every cell and shared stage, on metrics and counts", () => {
    fc.assert(
      fc.property(journals, fc.boolean(), (events, killed) => {
        const state = stateOf(events);
        const told = toldOf(events, killed);
        const outcomes = outcomesOf(state);
        const counts = cellCounts(state);
        // compare, the counts and, once the sweep has ended, MLflow's summary.
        expect(compareSweep(state).cells).toEqual(counts);
        expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(cells.length);
        if (state.status !== "running") {
          const { results } = told.get("sweep")!;
          for (const [name, count] of Object.entries(counts)) {
            expect([name, results[`cells.${name}`]]).toEqual([name, count]);
          }
        }
        // A process that is gone without a word leaves the journal open; MLflow hears of it.
        const inMlflow = (status: string): string =>
          killed && status === "RUNNING" ? "KILLED" : status;
        expect(told.get("sweep")!.status).toBe(inMlflow(ofSweep[state.status]));
        const begun = new Set(
          events.flatMap((event) =>
            MAKES_RUN.has(event.type) && "stage" in event ? [event.stage] : [],
          ),
        );
        const skipped = new Set(
          events.flatMap((event) => (event.type === "stage-skipped" ? [event.stage] : [])),
        );
        const runs: (readonly [RunKey, Fingerprint])[] = [
          ...cells.map(({ id, stage }) => [`cell:${id}`, stage] as const),
          [`stage:${shared.fingerprint}`, shared.fingerprint],
        ];
        for (const [key, stage] of runs) {
          const { status, result } = state.stages.get(stage)!;
          const run = told.get(key);
          // What never began has no run; a cell that was skipped has one.
          const isThere = begun.has(stage) || (skipped.has(stage) && key.startsWith("cell:"));
          expect([key, run !== undefined]).toEqual([key, isThere]);
          if (run === undefined) continue;
          expect([key, run.status]).toEqual([key, inMlflow(ofStage[status])]);
          expect(run.endTime === null).toBe(["RUNNING", "SCHEDULED"].includes(run.status!));
          expect(resultsOf(run)).toEqual(result?.metrics ?? {});
          const failed = status === "failed" || status === "skipped";
          expect((run.tags.get("r4ec.error") ?? null) !== null).toBe(failed);
        }
        for (const [index, { stage }] of cells.entries()) {
          const { status, result } = state.stages.get(stage)!;
          const outcome = outcomes[index]!;
          expect(outcome.state).toBe(
            status === "done" || status === "cached" ? "finished" : status,
          );
          expect(outcome.metrics).toEqual(result?.metrics ?? {});
        }
      }),
      { numRuns: 500 },
    );
  });

  it("are the same when the journal is read again, entry by entry or at once", () => {
    fc.assert(
      fc.property(journals, (events) => {
        const entries = entriesOf(events);
        const again = JSON.parse(JSON.stringify(entries)) as typeof entries;
        let state: ReturnType<typeof foldJournal> = null;
        for (const entry of again) state = applyEntry(state, entry);
        expect(state).toEqual(foldJournal(entries));
        expect(state!.stages.get(shared.fingerprint)).toBeDefined();
      }),
    );
  });
});
