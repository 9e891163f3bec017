import fc from "fast-check";
import {
  cellIdOf,
  fingerprintOf,
  sweepIdOf,
  type Fingerprint,
} from "../../src/base/fingerprint.js";
import type { CellRecord, StageRecord } from "../../src/contract/records.js";
import type { Event, JournalEntry } from "../../src/journal/events.js";

const record = (
  runner: string,
  name: string,
  inputs: { readonly [input: string]: Fingerprint },
): StageRecord => {
  const identity = { runner, version: 1, params: { name }, inputs, files: {} };
  return { ...identity, fingerprint: fingerprintOf(identity), label: `${runner} ${name}` };
};

/** A shared stage that three cells need: the sweep of the journal tests. */
export const shared = record("base", "shared", {});
export const lasts: readonly StageRecord[] = [1, 2, 3].map((seed) =>
  record("model", `seed ${seed}`, { base: shared.fingerprint }),
);
export const cells: readonly CellRecord[] = lasts.map(({ fingerprint }, index) => {
  const settings = { "toy.model": "a", seed: index + 1 };
  return { id: cellIdOf(settings), settings, stage: fingerprint };
});
export const stages: readonly StageRecord[] = [shared, ...lasts];
const sweep = sweepIdOf(
  "toy",
  cells.map(({ id }) => id),
);

/** The beginning of a run of the sweep. */
export const started: Event = {
  type: "sweep-started",
  sweep,
  experiment: "toy",
  specFile: "toy.yaml",
  specText: "name: toy\n",
  resolved: { name: "toy", sweep: { grid: { "toy.model": ["a"], seed: [1, 2, 3] } } },
  cells,
  stages,
  codeVersion: "1",
  gitCommit: null,
  process: 1,
  host: "here",
};

/** Events as a journal numbers them, a second apart. */
export const entriesOf = (events: readonly Event[]): JournalEntry[] =>
  events.map((event, index) => ({ seq: index + 1, time: 1_000_000 + index * 1000, event }));

export const start = (stage: Fingerprint, attempt = 1): Event => ({
  type: "stage-started",
  stage,
  attempt,
  worker: 1,
  gpus: [],
  fusedWith: 1,
});
export const finish = (stage: Fingerprint, value: number): Event => ({
  type: "stage-finished",
  stage,
  seconds: 1,
  result: { metrics: { "test.score": value } },
});
export const cache = (stage: Fingerprint, value: number): Event => ({
  type: "stage-cached",
  stage,
  result: { metrics: { "test.score": value } },
});
export const fail = (stage: Fingerprint): Event => ({
  type: "stage-failed",
  stage,
  seconds: 1,
  error: { kind: "bug", message: "it broke" },
});

/** What may become of one attempt at a stage: ends well, badly, is cut off, or is never heard of. */
const attempts = (stage: Fingerprint): fc.Arbitrary<readonly Event[]> =>
  fc.oneof(
    fc.constant([]),
    fc.double({ min: 0, max: 1, noNaN: true }).map((value) => [cache(stage, value)]),
    fc.constant([start(stage), { type: "stage-interrupted", stage } as const]),
    fc.constant([start(stage)]),
    fc.constant([{ type: "stage-skipped", stage, because: shared.fingerprint } as const]),
    fc.constant([start(stage), fail(stage)]),
    fc
      .double({ min: 0, max: 1, noNaN: true })
      .map((value) => [
        start(stage),
        { type: "stage-metrics", step: 1, stage, values: { loss: value } } as const,
        { type: "stage-note", stage, severity: "warning", message: "odd" } as const,
        { type: "stage-facts", stage, values: { parameters: 3 } } as const,
        finish(stage, value),
      ]),
  );

/**
 * Journals of one to four runs of the sweep: resumed, with stages that were done and are made again
 * since their artifacts were damaged, and with runs that were killed without a word. The last run
 * too may be open: it goes on, or it was killed.
 */
export const journals: fc.Arbitrary<readonly Event[]> = fc
  .array(
    fc.tuple(
      fc.tuple(...stages.map(({ fingerprint }) => attempts(fingerprint))),
      fc.constantFrom("done", "failed", "interrupted", null),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((runs) =>
    runs.flatMap(([each, outcome]): Event[] => [
      started,
      ...each.flat(),
      ...(outcome === null ? [] : [{ type: "sweep-finished", outcome, seconds: 9 } as const]),
    ]),
  );
