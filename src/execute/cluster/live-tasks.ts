import type { Fingerprint } from "../../base/fingerprint.js";
import { LiveTask } from "./live-task.js";
import type { Submission } from "./orders.js";
import { closeSubmission, taskKey } from "./orders.js";
import type { Queue } from "./queue.js";
import { QueueSilent } from "./queue.js";

/** The jobs that the controller follows, and which of them makes a stage. */
export class LiveTasks {
  readonly #live = new Map<string, LiveTask>();
  readonly #owner = new Map<Fingerprint, LiveTask>();
  /** Keys of tasks that have ended for certain, for those that come after them. */
  readonly over: string[] = [];

  constructor(
    private readonly queue: Queue,
    /** Whether a stage is to run, and has not begun. */
    private readonly isOpen: (stage: Fingerprint) => boolean,
  ) {}

  get size(): number {
    return this.#live.size;
  }

  /** A copy: tasks come and go while it is read. */
  all(): readonly LiveTask[] {
    return [...this.#live.values()];
  }

  /** The task that makes a stage. */
  owner(stage: Fingerprint): LiveTask | undefined {
    return this.#owner.get(stage);
  }

  /** Whether a stage is to run and is in no job. */
  isWaiting(stage: Fingerprint): boolean {
    return this.isOpen(stage) && !this.#owner.has(stage);
  }

  /** Follows a task, where a stage of it waits. */
  add(submission: Submission, number: number): boolean {
    const { id, order } = submission;
    const name = id === null ? null : this.queue.taskId(id, number, order.tasks.length);
    const task = new LiveTask(submission, number, name, (stage) => this.isWaiting(stage));
    if (task.open.size === 0) return false;
    this.#live.set(task.key, task);
    for (const stage of task.open) this.#owner.set(stage, task);
    return true;
  }

  /** The end of a stage of a task is known. */
  drop(task: LiveTask, stage: Fingerprint): void {
    task.open.delete(stage);
    task.started.delete(stage);
    this.#owner.delete(stage);
  }

  /** Nothing of a task is open any more. A job of it that waits leaves the queue. */
  async close(task: LiveTask): Promise<void> {
    const state = task.seen?.state;
    if (task.id !== null && (state === "pending" || state === "held")) {
      try {
        await this.queue.cancel([task.id], "now");
      } catch (error) {
        // It is asked again.
        if (error instanceof QueueSilent) return;
        throw error;
      }
    }
    this.#live.delete(task.key);
    // A job that the queue has forgotten may run on.
    if (task.over !== null || typeof state === "object") this.over.push(task.key);
    await this.closeIfDone(task.submission);
  }

  /** Closes a submission of which no task is followed. */
  async closeIfDone({ folder, order }: Submission): Promise<void> {
    const isLive = [...order.tasks.keys()].some((number) => this.#live.has(taskKey(order, number)));
    if (!isLive) await closeSubmission(folder);
  }
}
