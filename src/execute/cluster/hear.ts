import type { LiveTask } from "./live-task.js";
import type { LiveTasks } from "./live-tasks.js";
import type { JobLine } from "./orders.js";
import type { StageBook } from "./stage-book.js";

/**
 * Hears what a job has said since the last time, and tells the journal. Gives whether the job began or
 * ended: the queue has news then.
 */
export async function hear(task: LiveTask, tasks: LiveTasks, book: StageBook): Promise<boolean> {
  const lines = await task.reader.next();
  if (lines.length === 0) return false;
  for (const { line, known } of lines) await heard(line, known, task, { tasks, book });
  await book.written();
  await task.reader.keep();
  return lines.some(({ line }) => line.type === "began" || line.type === "over");
}

/** `known`: an earlier controller has told the journal. */
async function heard(
  line: JobLine,
  known: boolean,
  task: LiveTask,
  { tasks, book }: { readonly tasks: LiveTasks; readonly book: StageBook },
): Promise<void> {
  if (line.type === "began") {
    // What ran in the job before it was requeued is interrupted.
    if (line.again) for (const stage of task.started.keys()) book.again(stage, true);
    task.began(line);
    return;
  }
  if (line.type === "over") {
    task.over = line;
    return;
  }
  const { stage } = line;
  if (!task.open.has(stage)) return;
  switch (line.type) {
    case "started": {
      const { worker = 0, gpus, fusedWith } = line;
      task.started.set(stage, fusedWith);
      // Also where an earlier controller has said so: the journal was told since that it is over.
      const job = { id: task.id ?? task.key, node: task.node };
      book.started(stage, { job, worker, gpus, fusedWith });
      const values = { "job.id": task.id ?? "", "job.node": task.node ?? "" };
      book.reported(stage, { type: "facts", values });
      return;
    }
    case "event":
      if (!known) book.reported(stage, line.event);
      return;
    case "damaged":
      if (known) return;
      book.warning(stage, `its artifact was damaged (${line.reason}); moved to ${line.movedTo}`);
      return;
    case "cached":
      tasks.drop(task, stage);
      book.cached(stage, line.result);
      return;
    case "lacking":
      tasks.drop(task, stage);
      await book.lacking(stage, line.inputs);
      return;
    case "end": {
      const { end } = line;
      // What is to follow is decided when it is known why the job was told to end.
      if (end.how === "drained") return;
      const call = task.callOf(stage);
      tasks.drop(task, stage);
      if (end.how === "published") book.finished(stage, end.result, end.seconds);
      else book.bad(stage, end.error, end.seconds, call);
      return;
    }
  }
}
