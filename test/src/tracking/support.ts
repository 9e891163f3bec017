import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Event } from "../../../src/journal/events.js";
import type { StageRecord } from "../../../src/contract/records.js";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import { cellIdOf, fingerprintOf, sweepIdOf } from "../../../src/base/fingerprint.js";
import { JournalWriter, sweepFolder, type EventSink } from "../../../src/journal/index.js";
import type { Json } from "../../../src/base/json.js";
import { ok } from "../../../src/base/result.js";
import { Store } from "../../../src/store/index.js";
import { parseAddress } from "../../../src/tracking/address.js";
import { ensureServer, stopServer } from "../../../src/tracking/index.js";
import { sweepSummary } from "../../../src/tracking/summary.js";
import { science } from "../../support/toy/science.js";
import type { TrackerOptions } from "../../../src/tracking/tracking.js";
import { Tracker } from "../../../src/tracking/tracker.js";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { R4EC } from "../../support/command-line.js";
import { start } from "../../support/journal.js";
import { INSTALL_TIMEOUT, testTrackingEnvironment } from "../../support/toolchain.js";
import { sharedFolder } from "../../support/shared-folder.js";
import { FaultyProxy } from "./proxy.js";

export type SweepStarted = Extract<Event, { type: "sweep-started" }>;

/** A folder that goes when the test file ends. */
export async function temporaryFolder(name: string): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), `r4ec-${name}-`));
  made.push(folder);
  return folder;
}
const made: string[] = [];

/** A real MLflow server: in a folder of its own, or the one that test files share. */
async function startServer(own: boolean): Promise<{
  url: string;
  /** The store that the server belongs to. */
  folder: string;
  stop(): Promise<void>;
}> {
  const folder = own ? await temporaryFolder("mlflow") : sharedFolder();
  const url = await ensureServer(folder, async () => ok(await testTrackingEnvironment()));
  if (!url.ok) throw url.error;
  return {
    url: url.value,
    folder,
    stop: async () => {
      stopReader();
      if (own) await stopServer(folder);
      for (const one of made) await rm(one, { recursive: true, force: true });
    },
  };
}

/**
 * For the top of a test file: a real MLflow server for all its tests. Other test files use the same one at the same
 * time, each with experiments of its own names.
 *
 * @param own a server that no other test file uses
 */
export function mlflowForTests(own = false): { readonly url: string; readonly folder: string } {
  let server: Awaited<ReturnType<typeof startServer>> | undefined;
  beforeAll(async () => {
    server = await startServer(own);
  }, INSTALL_TIMEOUT);
  afterAll(() => server?.stop());
  return {
    get url() {
      return server!.url;
    },
    get folder() {
      return server!.folder;
    },
  };
}

/** For the top of a test file: a faulty network in front of a server, a new one for each test. */
export function networkForTests(server: { readonly url: string }): {
  readonly proxy: FaultyProxy;
  readonly url: string;
} {
  let proxy: FaultyProxy;
  let url: string;
  beforeEach(async () => {
    proxy = new FaultyProxy(server.url);
    url = await proxy.listen();
  });
  afterEach(() => proxy.close());
  return {
    get proxy() {
      return proxy;
    },
    get url() {
      return url;
    },
  };
}

/** `r4ec sync` of a sweep to an MLflow server, as a process of its own. */
export const syncByCommand = (rig: Rig, url: string) =>
  execa(
    process.execPath,
    [R4EC, "sync", rig.started.sweep, "--store", rig.store, "--mlflow-uri", url],
    { reject: false },
  );

export interface ReadRun {
  id: string;
  name: string;
  status: string;
  stage: string;
  start: number;
  end: number | null;
  params: Record<string, string>;
  tags: Record<string, string>;
  metrics: Record<string, [number, number | string, number][]>;
  latest: Record<string, number | string>;
  inputs: {
    name: string;
    digest: string;
    source: { uri: string };
    profile: Record<string, number>;
    tags: Record<string, string>;
  }[];
  artifacts: Record<string, { sha256: string; size: number; text: string | null }>;
}

let reader: {
  child: ChildProcessByStdio<Writable, Readable, null>;
  lines: AsyncIterator<string>;
} | null = null;

/** An experiment as MLflow's own Python client sees it; null where there is none. */
export async function readBack(
  url: string,
  experiment: string,
): Promise<{ id: string; tags: Record<string, string>; runs: ReadRun[] }> {
  if (reader === null) {
    const python = await testTrackingEnvironment();
    const script = fileURLToPath(new URL("read_back.py", import.meta.url));
    const child = spawn(python.python, [script], {
      env: {
        ...process.env,
        ...python.environment,
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: "false",
      },
      stdio: ["pipe", "pipe", "inherit"],
    });
    reader = { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  }
  reader.child.stdin.write(`${JSON.stringify([url, experiment])}\n`);
  const line = await reader.lines.next();
  if (line.done === true) throw new Error("the reader ended");
  return JSON.parse(line.value) as never;
}

/** Ends the Python client. */
export function stopReader(): void {
  reader?.child.stdin.end();
  reader = null;
}

export const kindOf = (run: ReadRun): string => run.tags["r4ec.kind"] ?? "";

/** A small sweep: one data set, variants × seeds, without a science behind it. */
export function smallSweep(
  experiment: string,
  settings: Record<string, Json>[],
  /** Of the resolved spec. */
  more: { readonly [key: string]: Json } = {},
): SweepStarted {
  const stage = (
    runner: string,
    label: string,
    params: Record<string, Json>,
    inputs: Record<string, Fingerprint>,
  ): StageRecord => ({
    fingerprint: fingerprintOf({ runner, version: 1, params, inputs, files: {} }),
    runner,
    version: 1,
    label,
    params,
    inputs,
    files: {},
  });
  const dataset = stage("dataset", "dataset ml-100k", { id: "ml-100k", of: experiment }, {});
  const stages: StageRecord[] = [dataset];
  const cells = settings.map((one) => {
    const ctr = stage(
      "ctr",
      "ctr din",
      { ...one, of: experiment },
      { dataset: dataset.fingerprint },
    );
    stages.push(ctr);
    return { id: cellIdOf(one), settings: one, stage: ctr.fingerprint };
  });
  return {
    type: "sweep-started",
    sweep: sweepIdOf(
      experiment,
      cells.map(({ id }) => id),
    ),
    experiment,
    specFile: "experiments/small.yaml",
    specText: `name: ${experiment}\n`,
    resolved: {
      name: experiment,
      sweep: { grid: { variant: ["none", "profile"], seed: [1, 2] } },
      compare: { baseline: { variant: "none" }, metrics: ["test.auc"] },
      ...more,
    },
    cells,
    stages,
    codeVersion: "0.1.0",
    gitCommit: "0123456789abcdef0123456789abcdef01234567",
    process: process.pid,
    host: os.hostname(),
  };
}

/** Two variants, two seeds. */
export const GRID = ["none", "profile"].flatMap((variant) =>
  [1, 2].map((seed) => ({ variant, seed, "ctr.learning_rate": 1e-3, "ctr.mlp": [200, 80] })),
);

/** The first two cells, for what more of them would not show better. */
export const PAIR = GRID.slice(0, 2);

/** A report takes seconds; page.test.ts and pages.test.ts look at it. */
const noReport = (): Promise<Record<string, string>> => Promise.resolve({});

/** A sweep in a store of its own, its journal in the hands of the test. */
export class Rig {
  readonly store: string;
  journal!: JournalWriter;

  private constructor(
    folder: string,
    readonly started: SweepStarted,
  ) {
    this.store = folder;
  }

  static async make(started: SweepStarted, store?: string): Promise<Rig> {
    return new Rig(store ?? (await temporaryFolder("store")), started);
  }

  get folder(): string {
    return sweepFolder(this.store, this.started.sweep);
  }

  async open(sinks: EventSink[] = []): Promise<void> {
    this.journal = await JournalWriter.open(this.folder, sinks);
  }

  /** A tracker of the sweep; call it after {@link open} has made the folder, or before. */
  tracker(url: string | (() => string | null), more: Partial<TrackerOptions> = {}): Tracker {
    const store = new Store(this.store);
    return new Tracker({
      store: this.store,
      sweep: this.started.sweep,
      folder: this.folder,
      experiment: this.started.experiment,
      destination: "test",
      address: async () => {
        const now = typeof url === "string" ? url : url();
        if (now === null) return ok(null);
        const address = parseAddress(now, {});
        if (!address.ok) throw address.error;
        return ok(address.value);
      },
      artifacts: store,
      summary: sweepSummary(science, store, this.folder, noReport),
      patience: { timeout: 20_000, idle: 20_000, tries: 2, backoff: 50 },
      ...more,
    });
  }

  /** The stage as the plan has it. */
  stage(fingerprint: Fingerprint): StageRecord {
    return this.started.stages.find((one) => one.fingerprint === fingerprint)!;
  }

  /** Makes an artifact with these files. */
  async artifact(stage: Fingerprint, files: Record<string, string | Uint8Array>): Promise<string> {
    const store = new Store(this.store);
    const staging = await store.newStaging(stage);
    for (const [name, content] of Object.entries(files)) {
      await writeFile(path.join(staging, name), content);
    }
    await store.publish(staging, this.stage(stage), { metrics: {} }, 1);
    return store.artifactFolder(stage);
  }

  /**
   * Runs the data set's stage and every cell: three epochs each, results, artifacts.
   *
   * @param files files of each cell's artifact beside the usual ones
   * @param paid metrics of the data set's stage beside the usual ones
   */
  async runAll(
    files: Record<string, string | Uint8Array> = {},
    paid: Record<string, number> = {},
  ): Promise<void> {
    await this.journal.append(this.started);
    const [dataset, ...cells] = this.started.stages as [StageRecord, ...StageRecord[]];
    await this.begin(dataset.fingerprint);
    await this.artifact(dataset.fingerprint, { "dataset.json": '{"users": 943}\n' });
    await this.journal.append({
      type: "stage-finished",
      stage: dataset.fingerprint,
      seconds: 1,
      result: { metrics: { users: 943, "train.samples": 70189, ...paid } },
    });
    for (const [index, { fingerprint }] of cells.entries()) {
      await this.runCell(fingerprint, index, files);
    }
    await this.journal.append({ type: "sweep-finished", outcome: "done", seconds: 9 });
  }

  begin(stage: Fingerprint, attempt = 1): Promise<unknown> {
    return this.journal.append(start(stage, attempt));
  }

  async epoch(stage: Fingerprint, step: number, index = 0): Promise<void> {
    await this.journal.append({
      type: "stage-metrics",
      stage,
      step,
      values: { "train.loss": 0.7 - 0.05 * step, "valid.auc": 0.7 + 0.01 * step + 0.001 * index },
    });
  }

  async runCell(
    stage: Fingerprint,
    index: number,
    files: Record<string, string | Uint8Array> = {},
  ): Promise<void> {
    await this.begin(stage);
    for (const step of [1, 2, 3]) await this.epoch(stage, step, index);
    await this.journal.append({ type: "stage-facts", stage, values: { parameters: 12345 } });
    await this.artifact(stage, {
      "curves.jsonl": '{"epoch":1,"train.loss":0.65}\n',
      "weights.safetensors": Buffer.from([0, 1, 2, 253, 254, 255, index]),
      ...files,
    });
    await this.journal.append({
      type: "stage-finished",
      stage,
      seconds: 2,
      result: {
        metrics: { "test.auc": 0.75 + 0.002 * index, "valid.auc": 0.72, best_epoch: 2 },
        marks: { leak: "epoch picked on test" },
      },
    });
  }
}

/** All of a sweep's runs are there once, with every point once: what a sweep without faults has. */
export async function expectWholeAt(
  server: string,
  experiment: string,
  rig: Rig,
): Promise<ReadRun[]> {
  const { runs } = await readBack(server, experiment);
  const active = runs.filter((run) => run.stage === "active");
  const cells = Array<string>(rig.started.cells.length).fill("cell");
  expect(active.map(kindOf).sort()).toEqual([...cells, "stage", "sweep"]);
  for (const cell of rig.started.cells) {
    const run = active.find(({ tags }) => tags["r4ec.cell"] === cell.id)!;
    expect(run.status).toBe("FINISHED");
    expect(Object.keys(run.params)).toHaveLength(4);
    for (const curve of ["train.loss", "valid.auc"]) {
      expect(run.metrics[curve]!.map(([step]) => step)).toEqual([1, 2, 3]);
    }
    for (const name of ["test.auc", "result.valid.auc", "best_epoch"]) {
      expect(run.metrics[name]).toHaveLength(1);
    }
    expect(run.artifacts).toHaveProperty(["weights.safetensors"]);
    expect(run.inputs).toHaveLength(1);
  }
  return active;
}
