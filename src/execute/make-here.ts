import { waitForLock } from "../base/lock.js";
import { ExitCode, UserError } from "../base/exit.js";
import type { MakeListener } from "../contract/engine.js";
import { Drained, type RunnerEvent } from "../contract/runner.js";
import type { Plan, PlannedStage } from "../plan/index.js";
import type { Manifest, Store } from "../store/index.js";
import type { TaskEnd } from "./messages.js";
import { WorkerStop } from "./stop.js";
import { RunningTask } from "./task.js";

/**
 * Runs the stages of a small plan one after another in this process, where the store lacks them:
 * the very artifacts that a sweep would make and use. Ctrl-C ends it at the next good moment.
 *
 * @returns their manifests, in the plan's order
 * @throws UserError where a stage fails or the user interrupts
 */
export async function makeHere(
  plan: Plan,
  store: Store,
  listener: MakeListener,
): Promise<Manifest[]> {
  const stop = new WorkerStop();
  const interrupt = (): void => (stop.draining ? stop.end() : stop.drain());
  process.on("SIGINT", interrupt);
  try {
    const manifests: Manifest[] = [];
    for (const stage of plan.stages.values()) {
      manifests.push(await makeOne(stage, store, stop, listener));
    }
    return manifests;
  } finally {
    process.off("SIGINT", interrupt);
  }
}

async function makeOne(
  stage: PlannedStage,
  store: Store,
  stop: WorkerStop,
  listener: MakeListener,
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
    const damaged = (reason: string, movedTo: string): void =>
      listener.note(
        "warning",
        `${label}: its artifact is damaged (${reason}); moved to ${movedTo}`,
      );
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
  listener: MakeListener,
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
    {
      resources: { gpus: [], threads: 1 },
      toolchain: { environments: {} },
      stop,
      surroundings: {},
    },
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
