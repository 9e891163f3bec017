import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Event, JournalEntry } from "../../../src/journal/events.js";
import type { StageRecord } from "../../../src/contract/records.js";
import { cellIdOf, fingerprintOf, sweepIdOf } from "../../../src/base/fingerprint.js";
import {
  JournalWriter,
  closeAbandoned,
  foldJournal,
  markOpen,
  readJournal,
  readSweep,
  sweepFolder,
} from "../../../src/journal/index.js";

let store: string;
let folder: string;
let file: string;

const cell = cellIdOf({ seed: 1 });
const sweep = sweepIdOf("toy", [cell]);
const identity = { runner: "toy", version: 1, params: {}, inputs: {}, files: {} };
const stage = fingerprintOf(identity);
const record: StageRecord = { ...identity, fingerprint: stage, label: "toy" };

const started: Event = {
  type: "sweep-started",
  sweep,
  experiment: "toy",
  specFile: "toy.yaml",
  specText: "name: toy\n",
  resolved: { name: "toy" },
  cells: [{ id: cell, settings: { seed: 1 }, stage }],
  stages: [record],
  codeVersion: "1",
  gitCommit: null,
  process: 1,
  host: "here",
};
const running: Event = {
  type: "stage-started",
  stage,
  attempt: 1,
  worker: 1,
  gpus: [],
  fusedWith: 1,
};
const finished: Event = {
  type: "stage-finished",
  stage,
  seconds: 2,
  result: { metrics: { "test.auc": 0.7 } },
};
const metric = (step: number, loss: number): Event => ({
  type: "stage-metrics",
  stage,
  step,
  values: { loss },
});

beforeEach(async () => {
  store = await mkdtemp(path.join(os.tmpdir(), "r4ec-journal-"));
  folder = sweepFolder(store, sweep);
  file = path.join(folder, "journal.ndjson");
});
afterEach(() => rm(store, { recursive: true, force: true }));

async function write(...events: Event[]): Promise<void> {
  const journal = await JournalWriter.open(folder);
  await Promise.all(events.map((event) => journal.append(event)));
  await journal.close();
}

describe("a journal", () => {
  it("gives back what was written, numbered without gaps, over several writers", async () => {
    await write(started, running, metric(1, 0.5));
    await write(finished);
    const journal = await readJournal(folder);
    expect(journal.damage).toEqual([]);
    expect(journal.entries.map((entry) => entry.seq)).toEqual([1, 2, 3, 4]);
    expect(journal.entries.map((entry) => entry.event)).toEqual([
      started,
      running,
      metric(1, 0.5),
      finished,
    ]);
  });

  it("is on the disk before a view hears of it", async () => {
    const seen: string[] = [];
    const hear = (entry: JournalEntry): void => {
      seen.push(entry.event.type);
    };
    const journal = await JournalWriter.open(folder, [{ hear }]);
    await journal.append(started);
    const pending = journal.append(running);
    expect(seen).toEqual(["sweep-started"]);
    await pending;
    expect(seen).toEqual(["sweep-started", "stage-started"]);
    expect((await readJournal(folder)).entries).toHaveLength(2);
    await journal.close();
  });

  it("is not stopped by a view that throws", async () => {
    const hear = (): void => {
      throw new Error("a bad view");
    };
    const journal = await JournalWriter.open(folder, [{ hear }]);
    await journal.append(started);
    await journal.append(finished);
    await journal.close();
    expect((await readJournal(folder)).entries).toHaveLength(2);
  });

  it("cut off at any byte reads as the entries before, and goes on from there", async () => {
    await write(started, running, metric(1, 0.5), finished);
    const whole = await readFile(file);
    const ends = [...whole.keys()].filter((at) => whole[at] === 10);
    for (let length = 0; length <= whole.length; length += 7) {
      await writeFile(file, whole.subarray(0, length));
      // A line that lacks its newline alone is whole.
      const complete = ends.filter((end) => end <= length).length;
      const { entries, damage } = await readJournal(folder);
      expect([entries.length, damage]).toEqual([complete, []]);
      await write(finished);
      const healed = await readJournal(folder);
      expect([healed.entries.length, healed.damage, healed.torn]).toEqual([
        complete + 1,
        [],
        false,
      ]);
    }
  });

  it("names a damaged line in the middle and reads the rest", async () => {
    await write(started, running, metric(1, 0.5), finished);
    const lines = (await readFile(file, "utf8")).split("\n");
    lines[2] = lines[2]!.replace("0.5", "0.6");
    await writeFile(file, lines.join("\n"));
    const journal = await readJournal(folder);
    expect(journal.damage).toEqual([
      { line: 3, reason: "its checksum does not match its content" },
    ]);
    expect(journal.entries.map((entry) => entry.seq)).toEqual([1, 2, 4]);
    expect((await readSweep(folder)).state?.stages.get(stage)?.status).toBe("done");
  });

  it("names a line that is missing", async () => {
    await write(started, running, metric(1, 0.5), finished);
    const lines = (await readFile(file, "utf8")).split("\n");
    lines.splice(1, 1);
    await writeFile(file, lines.join("\n"));
    expect((await readJournal(folder)).damage).toEqual([
      { line: 2, reason: "entry 3 stands where entry 2 should be" },
    ]);
  });

  it("never throws, whatever stands in it", async () => {
    await write(started, running, finished);
    const whole = await readFile(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        await writeFile(file, bytes);
        const { entries, damage, torn } = await readJournal(folder);
        // A newline in the middle makes two lines of one, one at the end tears the last.
        expect(entries.length === 3 || damage.length > 0 || torn).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it("has the same state, whether its curves are read at once or when somebody asks", async () => {
    const name = fc.oneof(
      fc.constantFrom("loss", "valid.loss", "vérité", '"}}', "stage"),
      fc.string(),
    );
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    const point = fc.record({
      ...{ type: fc.constant("stage-metrics"), stage: fc.constantFrom(stage, "0".repeat(64)) },
      ...{ step: fc.integer({ min: -2, max: 6 }), values: fc.dictionary(name, number) },
    }) as fc.Arbitrary<Event>;
    // The same as another program might have written it.
    const turned = point.map(
      (event) => Object.fromEntries(Object.entries(event).reverse()) as never,
    );
    const other = fc.constantFrom<Event>(started, running, finished, {
      type: "sweep-finished",
      outcome: "done",
      seconds: 1,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(point, point, turned, other)), async (events) => {
        await rm(folder, { recursive: true, force: true });
        await write(started, ...events);
        const { state } = await readSweep(folder);
        const whole = foldJournal((await readJournal(folder)).entries);
        expect(state).toEqual(whole);
        // Asked for in the middle of a journal, and told more afterwards.
        const journal = await JournalWriter.open(folder);
        expect(journal.state?.stages.get(stage)?.metrics).toEqual(
          whole?.stages.get(stage)?.metrics,
        );
        const entry = await journal.append(metric(3, 0.25));
        expect(journal.state).toEqual(
          foldJournal([...(await readJournal(folder)).entries.slice(0, -1), entry]),
        );
        await journal.close();
      }),
      { numRuns: 12 },
    );
  });

  it("holds a plan once, however often the sweep runs, and notices when it is damaged", async () => {
    await write(started, finished);
    const once = (await readFile(file)).length;
    await write(started);
    expect((await readFile(file)).length).toBeLessThan(2 * once);
    expect((await readJournal(folder)).entries[2]!.event).toEqual(started);
    const { readdir } = await import("node:fs/promises");
    const plans = await readdir(path.join(folder, "plans"));
    expect(plans).toHaveLength(1);
    await appendFile(path.join(folder, "plans", plans[0]!), " ");
    const { damage } = await readJournal(folder);
    expect(damage.map(({ line }) => line)).toEqual([1, 3]);
    // The next run writes the plan anew, which mends the earlier runs as well.
    await write(started);
    expect((await readJournal(folder)).damage).toEqual([]);
  });

  it("of an absent sweep is empty", async () => {
    expect((await readJournal(folder)).entries).toEqual([]);
    expect((await readSweep(folder)).state).toBeNull();
  });
});

describe("the state of a sweep", () => {
  const entries = (...events: Event[]): JournalEntry[] =>
    events.map((event, index) => ({ seq: index + 1, time: 1000 + index, event }));

  it("keeps curves by step, the last value of a repeated step, in order", () => {
    const state = foldJournal(
      entries(started, running, metric(1, 5), metric(2, 4), running, metric(2, 3), metric(3, 2)),
    )!;
    const { metrics, attempts } = state.stages.get(stage)!;
    expect(attempts).toBe(2);
    expect(metrics.map(({ step, values }) => [step, values["loss"]])).toEqual([
      [1, 5],
      [2, 3],
      [3, 2],
    ]);
  });

  it("keeps what is finished and reopens what failed when the sweep runs again", () => {
    const failed: Event = {
      type: "stage-failed",
      stage,
      seconds: 1,
      error: { kind: "bug", message: "no" },
    };
    const again = foldJournal(entries(started, running, failed, started))!;
    expect(again.stages.get(stage)).toMatchObject({ status: "waiting", error: null, attempts: 1 });
    const done = foldJournal(entries(started, running, finished, started))!;
    expect(done.stages.get(stage)).toMatchObject({ status: "done" });
    expect(done.runs).toBe(2);
  });
});

describe("a sweep left open by a kill", () => {
  it("is closed by the next command, once", async () => {
    await write(started, running, metric(1, 0.5));
    await markOpen(folder);
    await truncate(file, (await readFile(file)).length - 3);
    expect(await closeAbandoned(store)).toEqual([sweep]);
    const { state } = await readSweep(folder);
    expect(state).toMatchObject({ status: "interrupted" });
    expect(state!.stages.get(stage)!.status).toBe("interrupted");
    expect(await closeAbandoned(store)).toEqual([]);
  });
});
