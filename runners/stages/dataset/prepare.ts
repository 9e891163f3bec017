import type { Config } from "../../../src/config/config.js";
import { RunningTask } from "../../../src/execute/task.js";
import { WorkerStop } from "../../../src/execute/stop.js";
import { workerEnvironment } from "../../../src/execute/environment.js";
import type { TaskEnd } from "../../../src/execute/messages.js";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import { Drained, type RunnerEvent } from "../../../src/contract/runner.js";
import type { Science } from "../../../src/contract/science.js";
import type { Experiment } from "../../../src/spec/index.js";
import { FileHashes, makePlan, type PlannedStage } from "../../../src/plan/index.js";
import { Store, waitForLock, type Manifest } from "../../../src/store/index.js";
import { datasetStage } from "./index.js";

/** Who hears of the preparation. */
export interface PrepareListener {
  note(severity: "warning" | "info", message: string): void;
  progress(label: string, done: number, total: number): void;
}

/**
 * The manifests of an experiment's data sets, each once, prepared in this process where the store
 * lacks them: the very artifacts that a sweep would make and use. Throws a UserError.
 */
export async function prepareDatasets(
  experiment: Experiment,
  science: Science,
  config: Config,
  listener: PrepareListener,
): Promise<Manifest[]> {
  const plan = await makePlan(
    experiment,
    { ...science, plan: datasetStage },
    new FileHashes(config.store.value),
  );
  Object.assign(process.env, workerEnvironment(config));
  const store = new Store(config.store.value);
  const stop = new WorkerStop();
  const interrupt = (): void => (stop.draining ? stop.end() : stop.drain());
  process.on("SIGINT", interrupt);
  try {
    const manifests: Manifest[] = [];
    for (const stage of plan.stages.values()) {
      manifests.push(await prepareOne(stage, store, stop, listener));
    }
    return manifests;
  } finally {
    process.off("SIGINT", interrupt);
  }
}

async function prepareOne(
  stage: PlannedStage,
  store: Store,
  stop: WorkerStop,
  listener: PrepareListener,
): Promise<Manifest> {
  const { fingerprint, label } = stage.record;
  const interrupted = new UserError("interrupted", { exitCode: ExitCode.interrupted });
  const waiting = new AbortController();
  stop.onDrain(() => waiting.abort(interrupted));
  const lock = await waitForLock(store.lockFile(fingerprint), label, {
    signal: waiting.signal,
    waiting: ({ pid }) => listener.note("info", `${label} is being prepared by process ${pid}`),
  });
  try {
    const damaged = (reason: string): void =>
      listener.note("warning", `${label}: its artifact is damaged (${reason}); preparing it again`);
    const cached = await store.claim(fingerprint, damaged);
    if (cached !== null) return cached;
    const end = await runStage(stage, store, stop, listener);
    if (end.how === "drained") throw interrupted;
    if (end.how === "failed") {
      const { message, detail, kind } = end.error;
      throw new UserError(message, {
        exitCode: kind === "spec" ? ExitCode.usage : ExitCode.environment,
        ...(detail === undefined ? {} : { hint: detail }),
      });
    }
    return (await store.claim(fingerprint, damaged))!;
  } finally {
    await lock.release();
  }
}

async function runStage(
  stage: PlannedStage,
  store: Store,
  stop: WorkerStop,
  listener: PrepareListener,
): Promise<TaskEnd> {
  const { record, runner, execution, files } = stage;
  let ended: TaskEnd | undefined;
  const event = (_: unknown, said: RunnerEvent): void => {
    if (said.type === "note") listener.note(said.severity, said.message);
    if (said.type === "progress") listener.progress(record.label, said.done, said.total);
  };
  const task = await RunningTask.open(
    { record, execution, files },
    store,
    { event, end: (_, end) => (ended = end) },
    { resources: { gpus: [], threads: 1 }, toolchain: { llmEnvironment: null }, stop },
  );
  try {
    await (await runner.load()).run([task.task]);
  } catch (error) {
    if (!(error instanceof Drained)) {
      await task.fail({ kind: "bug", message: String(error) });
      throw error;
    }
    await task.drained();
  }
  return ended!;
}
