import type { Fingerprint } from "../../base/fingerprint.js";
import { resultOf } from "../../store/index.js";
import { endOf } from "./ends.js";
import { hear } from "./hear.js";
import type { LiveTask } from "./live-task.js";
import type { LiveTasks } from "./live-tasks.js";
import type { ClusterOptions } from "./options.js";
import type { StageBook } from "./stage-book.js";

/** How long a network's file system may keep the last words of a job that ended, in milliseconds. */
const LAG = 3000;
const LAG_OF_SUCCESS = 30_000;

/** What the controller knows where a job has ended. */
export interface Ending {
  readonly tasks: LiveTasks;
  readonly book: StageBook;
  readonly options: Pick<ClusterOptions, "journal" | "store">;
  readonly stopping: "no" | "drain" | "now" | "leave";
}

/** Decides what follows for the stages of a job, where it has ended. */
export async function settleIfEnded(task: LiveTask, at: Ending): Promise<void> {
  const { tasks, book, stopping } = at;
  if (task.open.size === 0) return tasks.close(task);
  // A job that was told to end may go on elsewhere: the queue knows, and may say first that it has ended.
  const said = task.over !== null && (!task.over.drained || stopping !== "no");
  if (!said) {
    if (task.endedAt === null) return;
    const state = task.seen?.state ?? null;
    const well = typeof state === "object" && state?.how === "completed";
    const lag = stopping === "now" ? 0 : well ? LAG_OF_SUCCESS : LAG;
    if (performance.now() - task.endedAt < lag) return;
    await hear(task, tasks, book);
  }
  for (const stage of [...task.open]) await settle(task, stage, at);
  await book.written();
  await tasks.close(task);
}

async function settle(task: LiveTask, stage: Fingerprint, at: Ending): Promise<void> {
  const { tasks, book, options } = at;
  const ran = task.started.has(stage);
  const call = task.callOf(stage);
  const startedAt = options.journal.state?.stages.get(stage)?.startedAt ?? null;
  tasks.drop(task, stage);
  const inspection = await options.store.inspect(stage);
  if (inspection.state === "sound") {
    const { manifest } = inspection;
    return book.finished(stage, resultOf(manifest), manifest.seconds);
  }
  const inputsMade = book.stage(stage).needs.every((need) => book.status(need) === "done");
  const what = await endOf(task, { ran, inputsMade, stopping: at.stopping !== "no" });
  if (what === "again") return book.again(stage, ran);
  if ("goesOn" in what) return book.goesOn(stage, ran, what.goesOn);
  const seconds = ran && startedAt !== null ? (Date.now() - startedAt) / 1000 : 0;
  book.bad(stage, what.error, Math.round(seconds * 1000) / 1000, call);
}
