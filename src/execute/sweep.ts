import os from "node:os";
import path from "node:path";
import type { Config } from "../config/config.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { ExitCode, UserError } from "../base/exit.js";
import type { FailureClass } from "../contract/runner.js";
import type { EventSink, SweepState } from "../journal/index.js";
import {
  JournalWriter,
  closeRun,
  markClosed,
  markOpen,
  sweepFolder,
  sweepLockFile,
  writeSpecPlace,
} from "../journal/index.js";
import type { Plan, StagePresence } from "../plan/index.js";
import { lookAtStages } from "../plan/index.js";
import type { Experiment } from "../spec/index.js";
import { keepDurable } from "../base/durable.js";
import { Store, hostName, resultOf, waitForLock } from "../store/index.js";
import { cleanDrafts, cleanLeftovers } from "../store/garbage.js";
import type { SeenFile } from "../store/seen.js";
import { catchUp } from "./cluster/catch-up.js";
import { queueNamed } from "./cluster/queues.js";
import { ClusterRun } from "./cluster/run.js";
import { workerEnvironment } from "./environment.js";
import { gitCommitOf } from "./git-commit.js";
import { LiveKeeper } from "./live.js";
import { LocalExecutor } from "./local.js";
import { machineFor, openForecast } from "./open-forecast.js";
import { MpsGate } from "./mps-gate.js";
import { openMps, openRoom } from "./open-room.js";
import { Scheduler } from "./scheduler.js";
import { StageEvents } from "./stage-events.js";
import { forgetStop, watchStop } from "./stop-request.js";
import { StopRequests } from "./stop-requests.js";
import type { EnsureToolchain } from "./toolchain-gate.js";
import { ToolchainGate } from "./toolchain-gate.js";
import { wantedFlavour } from "../toolchain/flavour.js";
import { redact, redactJson } from "../base/redact.js";

export interface SweepRequest {
  readonly experiment: Experiment;
  /** The whole plan, which the journal records. */
  readonly plan: Plan;
  /** The part of it to run (`--only`); the same object where all of it is. */
  readonly selected: Plan;
  readonly config: Config;
  /** What is known of the sweep's artifacts. */
  readonly seen: SeenFile;
  /** How the selected stages stand, looked at just now. */
  readonly presence: ReadonlyMap<Fingerprint, StagePresence>;
  /** See {@link Science.classify}. */
  readonly classify: (words: string) => FailureClass | null;
  /** URL of the module that exports `science`; workers import it. */
  readonly scienceModule: string;
  readonly codeVersion: string;
  readonly ensure: EnsureToolchain;
  readonly sinks: readonly EventSink[];
  /** One line for the user. */
  readonly say: (line: string) => void;
  /**
   * Calls back with each request to stop: the first drains, the next one ends all. `leave`: jobs of a
   * cluster go on.
   */
  readonly onStop: (listener: (how?: "leave") => void) => void;
}

export interface SweepOutcome {
  readonly outcome: "done" | "failed" | "interrupted";
  readonly state: SweepState;
  readonly seconds: number;
  /** Set where the toolchain could not be made ready. */
  readonly toolchainFailure: UserError | null;
}

/** Runs a sweep, or goes on with it. Throws a UserError where store, journal or GPUs fail. */
export async function runSweep(request: SweepRequest): Promise<SweepOutcome> {
  const { plan, config, say } = request;
  const folder = sweepFolder(config.store.value, plan.sweep);
  const stops = new StopRequests(request.onStop);
  const commit = gitCommitOf(request.experiment.folder);
  let { presence } = request;
  let waited = false;
  const lock = await waitForLock(sweepLockFile(config.store.value, plan.sweep), "run the sweep", {
    signal: stops.beforeStart.signal,
    waiting: ({ pid, host }) => {
      waited = true;
      say(
        `this sweep is being run by process ${pid} on ${hostName(host)}; this command waits until it ends`,
      );
    },
  }).catch((error: unknown) => {
    if (!stops.beforeStart.signal.aborted) throw error;
    throw new UserError("interrupted before the sweep began", { exitCode: ExitCode.interrupted });
  });
  const unwatch = watchStop(folder, (how) => stops.request(how));
  try {
    await forgetStop(folder);
    if (waited) presence = await lookAtStages(request.selected, new Store(config.store.value));
    const journal = await JournalWriter.open(folder, request.sinks);
    try {
      return await runWithJournal({ ...request, presence, commit }, folder, journal, stops);
    } catch (error) {
      // Where the journal can still be written it says that the run is over: nobody has killed it.
      await closeRun(journal).then(
        () => markClosed(folder),
        () => undefined,
      );
      throw error;
    } finally {
      await request.seen.close();
      await journal.close();
    }
  } finally {
    unwatch();
    await forgetStop(folder);
    await lock.release();
  }
}

async function runWithJournal(
  request: SweepRequest & { readonly commit: Promise<string | null> },
  folder: string,
  journal: JournalWriter,
  stops: StopRequests,
): Promise<SweepOutcome> {
  const { experiment, plan, selected, presence, config, say } = request;
  const began = performance.now();
  for (const { line, reason } of journal.damage) {
    say(`warning: line ${line} of the sweep's journal cannot be used: ${reason}`);
  }
  if (await closeRun(journal))
    say("an earlier run of this sweep was killed; this run continues it");
  const store = new Store(config.store.value);
  await cleanLeftovers(store);
  await cleanDrafts(folder);
  await cleanDrafts(path.join(folder, "plans"));
  await request.seen.keep(plan.stages.keys());
  await markOpen(folder);
  // An address in a spec may hold a password, which no journal is to keep.
  const specText = redact(experiment.text);
  await keepDurable(path.join(folder, "spec.yaml"), specText);
  await keepDurable(path.join(folder, "name"), `${experiment.name}\n`);
  await writeSpecPlace(folder, path.join(experiment.folder, path.basename(experiment.file)));
  await journal.append({
    type: "sweep-started",
    sweep: plan.sweep,
    experiment: experiment.name,
    specFile: experiment.file,
    specText,
    ...(experiment.composition !== null && { composition: redactJson(experiment.composition) }),
    resolved: experiment.resolved,
    cells: plan.cells,
    stages: [...plan.stages.values()].map((stage) => stage.record),
    codeVersion: request.codeVersion,
    gitCommit: await request.commit,
    process: process.pid,
    host: os.hostname(),
    ...(selected.cells.length < plan.cells.length && { only: selected.cells.map(({ id }) => id) }),
  });
  if (experiment.cluster !== null)
    await catchUp(folder, journal, (stage) => presence.get(stage)?.manifest != null);
  await recordCached(journal, presence);
  const needed = new Set<Fingerprint>();
  for (const [fingerprint, { wouldRun }] of presence) if (wouldRun) needed.add(fingerprint);
  let ended: Ended = { toolchainFailure: null, stoppedByFailure: false };
  if (needed.size > 0 && !stops.stopped) {
    ended = await runStages(request, {
      folder,
      journal,
      stops,
      store,
      presence,
      needed,
    });
  }
  const outcome =
    ended.stoppedByFailure && !stops.stopped ? "failed" : outcomeOf(journal.state!, selected);
  const seconds = Math.round(performance.now() - began) / 1000;
  await journal.append({ type: "sweep-finished", outcome, seconds });
  await markClosed(folder);
  return { outcome, state: journal.state!, seconds, toolchainFailure: ended.toolchainFailure };
}

async function recordCached(
  journal: JournalWriter,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
): Promise<void> {
  const pending: Promise<unknown>[] = [];
  for (const [stage, { manifest }] of presence) {
    if (manifest === null) continue;
    const known = journal.state?.stages.get(stage);
    // Said in an earlier run already, and still so.
    if (known?.status === "done" || known?.status === "cached") continue;
    pending.push(journal.append({ type: "stage-cached", stage, result: resultOf(manifest) }));
  }
  await Promise.all(pending);
}

interface Run {
  readonly folder: string;
  readonly journal: JournalWriter;
  readonly stops: StopRequests;
  readonly store: Store;
  readonly presence: ReadonlyMap<Fingerprint, StagePresence>;
  readonly needed: ReadonlySet<Fingerprint>;
}

interface Ended {
  readonly toolchainFailure: UserError | null;
  readonly stoppedByFailure: boolean;
}

async function runStages(request: SweepRequest, run: Run): Promise<Ended> {
  const { experiment, selected, config, say } = request;
  const done = new Set<Fingerprint>();
  for (const [fingerprint, { manifest }] of run.presence) {
    if (manifest !== null) done.add(fingerprint);
  }
  const { cluster } = experiment;
  const asked =
    cluster === null
      ? machineFor(experiment, config, selected, run.presence)
      : Promise.resolve({ cpus: cluster.limit, gpus: [] });
  const forecast = await openForecast(experiment, config, selected, run.presence, asked);
  const machine = await asked;
  const { gpus } = machine;
  for (const fingerprint of run.needed) {
    // The command has refused this with its place in the spec; here it would wait for ever.
    const { gpu } = selected.stages.get(fingerprint)!.execution;
    if (gpu !== null && gpus.length > 0 && !gpus.some(({ index }) => index === gpu)) {
      throw new UserError(`a cell is to run on GPU ${gpu}, which the sweep may not use`);
    }
  }
  // Asked while data are prepared: the toolchain of the first stage on a card needs the answer.
  if (gpus.length > 0) void wantedFlavour();
  const toolchain = new ToolchainGate(request.ensure, request.classify);
  const live = new LiveKeeper({ forecast, toRun: run.needed, tell: run.journal });
  run.journal.add(live);
  const serves = { scienceModule: request.scienceModule, store: config.store.value };
  const environment = workerEnvironment(config);
  const local = { ...process.env, ...environment };
  const options = {
    plan: selected,
    needed: run.needed,
    done,
    store: run.store,
    journal: run.journal,
    events: new StageEvents(run.journal, live, forecast),
    toolchain,
    cellsPerCard: experiment.resources.cellsPerCard,
    expected: forecast.expectation(),
    failures: experiment.failures,
    classify: request.classify,
    say,
    witnessed: (line: string) => request.seen.add(line),
  };
  const scheduler =
    cluster !== null
      ? new ClusterRun({
          ...options,
          ...{ cluster, serves, environment },
          queue: queueNamed(cluster.system),
          mps: experiment.resources.mps !== "off",
          sweepFolder: run.folder,
        })
      : new Scheduler({
          ...options,
          executor: new LocalExecutor({
            ...machine,
            ...openRoom(machine, experiment, say),
            // Stages that take no card, such as the preparation of data, do not wait for it.
            mps: new MpsGate(openMps(machine, experiment, options, local, say)),
            ...{ serves, logs: path.join(run.folder, "logs"), environment: local },
          }),
          cards: gpus.length,
        });
  run.stops.attach(scheduler);
  await scheduler.run().finally(() => live.close());
  return { toolchainFailure: toolchain.failure, stoppedByFailure: scheduler.stoppedByFailure };
}

function outcomeOf(state: SweepState, selected: Plan): SweepOutcome["outcome"] {
  const last = selected.cells.map((cell) => state.stages.get(cell.stage)!.status);
  if (last.every((status) => status === "done" || status === "cached")) return "done";
  const ended = ["done", "cached", "failed", "skipped"];
  return last.every((status) => ended.includes(status)) ? "failed" : "interrupted";
}
