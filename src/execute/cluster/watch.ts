import type { LiveTask } from "./live-task.js";
import type { LiveTasks } from "./live-tasks.js";
import { claimOf, claimTask, writeId } from "./orders.js";
import type { JobSeen, Queue } from "./queue.js";
import { QueueSilent } from "./queue.js";
import type { StageBook } from "./stage-book.js";

/** Between looks into the queue, in milliseconds: from this to that, longer while nothing happens. */
export const LOOK_SOONEST = 1000;
const LOOK_LATEST = 15_000;
/** Who has a task that was taken away from every job. */
const NOBODY = "nobody";

/** Looks into the queue again and again, and keeps for each job how it was seen last. */
export class QueueWatch {
  #lookAt = 0;
  #lookEvery = LOOK_SOONEST;
  #silent = false;

  constructor(
    private readonly options: { readonly queue: Queue; readonly say: (line: string) => void },
    /** Beginning of the names of the jobs. */
    private readonly prefix: string,
    private readonly tasks: LiveTasks,
    private readonly book: StageBook,
  ) {}

  /** The queue did not answer the last time. */
  get isSilent(): boolean {
    return this.#silent;
  }

  /** Something happens in the queue. */
  soon(): void {
    this.#lookEvery = LOOK_SOONEST;
    this.#lookAt = Math.min(this.#lookAt, performance.now() + LOOK_SOONEST);
  }

  /** The next look is due. */
  now(): void {
    this.#lookAt = 0;
  }

  /** Looks where it is time, and gives whether it did. `stopping`: the jobs are to end. */
  async look(stopping: "drain" | "now" | null): Promise<boolean> {
    if (performance.now() < this.#lookAt) return false;
    const { queue, say } = this.options;
    try {
      if (stopping !== null) await this.cancel(stopping);
      const jobs = await queue.look(`${this.prefix}-`);
      const seen = new Map(jobs.map((job) => [`${job.name}/${job.task}`, job]));
      const names = new Set(jobs.map(({ name }) => name));
      if (this.#silent) say(`${queue.name} answers again`);
      this.#silent = false;
      for (const task of this.tasks.all())
        await this.#saw(task, seen.get(task.key), names.has(task.submission.order.name));
    } catch (error) {
      if (!(error instanceof QueueSilent)) throw error;
      if (!this.#silent)
        say(`${queue.name} does not answer; what runs goes on, and this sweep waits`);
      this.#silent = true;
    }
    this.#lookAt = performance.now() + this.#lookEvery;
    this.#lookEvery = Math.min(LOOK_LATEST, this.#lookEvery * 1.5);
    return true;
  }

  /** Tells the jobs to end that were not told so. */
  async cancel(how: "drain" | "now"): Promise<void> {
    const tasks = this.tasks
      .all()
      .filter(({ id, cancelled }) => id !== null && cancelled !== how && cancelled !== "now");
    await this.options.queue.cancel(
      tasks.map(({ id }) => id!),
      how,
    );
    for (const task of tasks) task.cancelled = how;
  }

  /** `others`: tasks of its submission are in the queue. */
  async #saw(task: LiveTask, seen: JobSeen | undefined, others: boolean): Promise<void> {
    const { folder, id, order } = task.submission;
    if (seen !== undefined) {
      if (task.id === null) {
        task.id = this.options.queue.taskId(seen.id, task.number, order.tasks.length);
        if (id === null) await writeId(folder, seen.id);
      }
      if (seen.state !== task.seen?.state) this.#lookEvery = LOOK_SOONEST;
      task.seen = seen;
      if (seen.state === "pending" || seen.state === "running") task.endedAt = null;
      else task.endedAt ??= performance.now();
      return;
    }
    const last = task.seen;
    // Its end was seen; in time a cluster forgets it.
    if (typeof last?.state === "object") return;
    task.seen = null;
    if ((await claimOf(folder, task.number)) === null) {
      // It was never submitted, or is gone without having begun: from now on it cannot begin.
      const owner = await claimTask(folder, task.number, NOBODY);
      if (owner === NOBODY) {
        if (!others || last?.state !== "pending" || task.cancelled !== "no")
          return this.#release(task);
        // Of an array's jobs that waited this one alone is gone: somebody has cancelled it.
        const state = { how: "cancelled", forParent: false } as const;
        task.seen = { ...last, state, words: "CANCELLED" };
      }
    }
    task.endedAt ??= performance.now();
  }

  /** Nothing will come of a task: its stages are submitted anew. */
  async #release(task: LiveTask): Promise<void> {
    for (const stage of [...task.open]) {
      const ran = task.started.has(stage);
      this.tasks.drop(task, stage);
      this.book.again(stage, ran);
    }
    await this.tasks.close(task);
  }
}
