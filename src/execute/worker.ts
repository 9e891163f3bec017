import { Worker } from "node:worker_threads";
import { ExitCode, UserError } from "../base/exit.js";
import type { StageError } from "../contract/runner.js";
import { Drained } from "../contract/runner.js";
import type { Science } from "../contract/science.js";
import { Store, TREE_VARIABLE, isDiskError, killTree } from "../store/index.js";
import { classOfError } from "./classify.js";
import type { FromWorker, ToWorker, WorkerArguments } from "./messages.js";
import { WorkerStop } from "./stop.js";
import type { TaskReports } from "./task.js";
import { RunningTask } from "./task.js";

/**
 * The program of a worker process: runs what the controller sends, one call at a time, in a
 * process that keeps TensorFlow loaded between calls. Ends when the controller does.
 */
const { scienceModule, store: storeFolder } = JSON.parse(process.argv[2]!) as WorkerArguments;
const store = new Store(storeFolder);
const mark = process.env[TREE_VARIABLE] ?? "";
const stop = new WorkerStop();

const watchdog = new Worker(new URL("./watchdog.js", import.meta.url), {
  workerData: { controller: process.ppid, mark },
});
watchdog.unref();

// A terminal's Ctrl-C and a cluster's SIGTERM are the controller's to act on.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => stop.drain());
process.on("disconnect", leave);
process.on("message", (message: ToWorker) => {
  if (message.type === "drain") stop.drain();
  else if (message.type === "exit") leave();
  else void run(message);
});

function leave(): void {
  stop.end();
  killTree(mark, "SIGKILL", process.pid);
  process.exit(ExitCode.done);
}

/** Sends, and forgets where the controller is gone: the watchdog sees to that. */
function send(message: FromWorker): void {
  if (process.connected) process.send?.(message, undefined, {}, () => undefined);
}

type RunOrder = Extract<ToWorker, { type: "run" }>;

const reports: TaskReports = {
  event: (stage, event) => send({ type: "event", stage, event }),
  end: (stage, end) => send({ type: "end", stage, end }),
};

async function run(order: RunOrder): Promise<void> {
  const tasks: RunningTask[] = [];
  let science: Science | null = null;
  try {
    for (const one of order.tasks) {
      tasks.push(
        await RunningTask.open(one, store, reports, {
          resources: order.allocation,
          toolchain: order.toolchain,
          stop,
          surroundings: order.surroundings,
        }),
      );
    }
    ({ science } = (await import(scienceModule)) as { science: Science });
    const runner = science.runner(order.runner);
    if (runner === undefined) throw new Error(`no runner is named ${order.runner}`);
    const program = await runner.load();
    await program.run(tasks.map((one) => one.task));
    for (const one of tasks) {
      await one.fail({ kind: "bug", message: `${order.runner} ended without a result` });
    }
  } catch (error) {
    for (const one of tasks) {
      if (error instanceof Drained && stop.draining) await one.drained();
      else await one.fail(errorOf(error, science));
    }
    // Those whose folders could not be made.
    for (const { record } of order.tasks.slice(tasks.length)) {
      reports.end(record.fingerprint, {
        how: "failed",
        error: errorOf(error, science),
        seconds: 0,
      });
    }
  }
  send({ type: "idle" });
}

function errorOf(error: unknown, science: Science | null): StageError {
  if (error instanceof UserError) {
    const message = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
    if (error.exitCode !== ExitCode.environment) return { kind: "spec", message };
    const of = classOfError(error.cause) ?? science?.classify?.(error.message) ?? null;
    return { kind: "machine", message, ...(of !== null && { class: of }) };
  }
  const message = error instanceof Error ? error.message : String(error);
  const detail = error instanceof Error ? error.stack : undefined;
  const known = classOfError(error) ?? science?.classify?.(message) ?? null;
  if (known === null && isDiskError(error)) {
    // A stack says nothing to those who free the disk.
    return { kind: "machine", class: "disk", message };
  }
  const what: Pick<StageError, "kind" | "class"> =
    known === null ? { kind: "bug" } : { kind: "machine", class: known };
  return detail === undefined ? { ...what, message } : { ...what, message, detail };
}
