import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Event } from "../../../src/journal/events.js";
import { applyEntry, foldJournal } from "../../../src/journal/index.js";
import { cellCounts } from "../../../src/report/index.js";
import { outcomesOf } from "../../../src/report/outcome.js";
import { compareSweep } from "../../../src/report/sweep.js";
import { Projection } from "../../../src/tracking/projection.js";
import { Store } from "../../../src/store/index.js";
import { comparisonSummary } from "../../../src/tracking/summary.js";
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
  results: { readonly [name: string]: number };
  name: string;
  readonly tags: Map<string, string | null>;
  readonly artifacts: Map<string, string>;
}

const newProjection = (): Projection =>
  new Projection({
    artifactFolder: (stage) => `/artifacts/${stage}`,
    summary: comparisonSummary(science, new Store("/"), "/").of,
  });

function hear(told: Map<RunKey, Told>, updates: readonly RunUpdate[]): void {
  for (const update of updates) {
    const run = told.get(update.key) ?? {
      status: null,
      results: {},
      name: update.name,
      tags: new Map(),
      artifacts: new Map(),
    };
    told.set(update.key, run);
    run.status = update.status?.status ?? run.status;
    run.results = update.results?.values ?? run.results;
    run.name = update.name;
    for (const [name, value] of update.tags) run.tags.set(name, value);
    for (const artifact of update.artifacts) {
      if ("text" in artifact) run.artifacts.set(artifact.path, String(artifact.text));
    }
  }
}

/** All that MLflow is told of a journal, taken after every entry. */
function toldOf(events: readonly Event[]): Map<RunKey, Told> {
  const projection = newProjection();
  const told = new Map<RunKey, Told>();
  for (const entry of entriesOf(events)) {
    projection.apply(entry);
    hear(told, projection.take());
  }
  return told;
}

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

  it("calls each cell by the axes that vary", () => {
    const told = toldOf([started, start(first), start(second)]);
    expect(told.get(`cell:${cells[0]!.id}`)!.name).toBe("seed=1");
    expect(told.get(`cell:${cells[1]!.id}`)!.name).toBe("seed=2");
  });

  it("is the same however the entries are gathered", () => {
    fc.assert(
      fc.property(journals, (events) => {
        const projection = newProjection();
        for (const entry of entriesOf(events)) projection.apply(entry);
        const atOnce = new Map<RunKey, Told>();
        hear(atOnce, projection.take());
        const oneByOne = toldOf(events);
        for (const [key, { status, results }] of oneByOne) {
          expect([key, atOnce.get(key)!.status]).toEqual([key, status]);
          expect(atOnce.get(key)!.results).toEqual(results);
        }
      }),
    );
  });
});

describe("all views of one journal", () => {
  it("agree on every cell, its metrics and the counts", () => {
    fc.assert(
      fc.property(journals, (events) => {
        const state = stateOf(events);
        const told = toldOf(events);
        const outcomes = outcomesOf(state);
        const counts = cellCounts(state);
        // compare, MLflow's summary and the counts.
        expect(compareSweep(state).cells).toEqual(counts);
        const { results } = told.get("sweep")!;
        for (const [name, count] of Object.entries(counts)) {
          expect([name, results[`cells.${name}`]]).toEqual([name, count]);
        }
        expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(cells.length);
        // Each cell in status, compare and MLflow.
        const wanted = {
          finished: "FINISHED",
          failed: "FAILED",
          skipped: "FAILED",
          interrupted: "KILLED",
        } as const;
        for (const [index, { id, stage }] of cells.entries()) {
          const outcome = outcomes[index]!;
          const run = told.get(`cell:${id}`);
          const { status, result } = state.stages.get(stage)!;
          expect(outcome.state === "finished").toBe(status === "done" || status === "cached");
          expect(outcome.metrics).toEqual(result?.metrics ?? {});
          if (outcome.state === "waiting" || outcome.state === "running") continue;
          // A stage that was interrupted before it began has no run.
          if (run === undefined) expect(outcome.state).toBe("interrupted");
          else expect([outcome.state, run.status]).toEqual([outcome.state, wanted[outcome.state]]);
          if (outcome.state === "finished") expect(run!.results).toEqual(outcome.metrics);
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
