import { setTimeout as sleep } from "node:timers/promises";
import type { Fingerprint } from "../../base/fingerprint.js";
import type { PlannedStage } from "../../plan/index.js";
import type { StageRun } from "../executor.js";
import { Dispatch } from "./dispatch.js";
import { hear } from "./hear.js";
import type { LiveTask } from "./live-task.js";
import { LiveTasks } from "./live-tasks.js";
import { openSubmissions } from "./orders.js";
import type { ClusterOptions } from "./options.js";
import { settleIfEnded } from "./settle.js";
import { StageBook } from "./stage-book.js";
import { Submitter } from "./submit.js";
import { QueueWatch } from "./watch.js";

/** Between looks into the jobs' files, in milliseconds. */
const TICK = 400;

/**
 * Runs the stages of a plan as jobs of a cluster. All that can be submitted is submitted at once, each job
 * waiting in the queue for those that it needs; this controller then follows the jobs' files, writes the
 * journal, and submits anew what failed. It may be killed at any time: the next one finds the jobs.
 */
export class ClusterRun implements StageRun {
  readonly #book: StageBook;
  readonly #tasks: LiveTasks;
  readonly #watch: QueueWatch;
  readonly #dispatch: Dispatch;
  #stopping: "no" | "drain" | "now" | "leave" = "no";
  #stoppedByFailure = false;
  #warned = false;

  constructor(private readonly options: ClusterOptions) {
    const submitter = new Submitter(options);
    this.#book = new StageBook(options, (stage, skipped) => this.#lost(stage, skipped));
    this.#tasks = new LiveTasks(options.queue, (stage) => this.#book.isOpen(stage));
    this.#watch = new QueueWatch(options, submitter.prefix, this.#tasks, this.#book);
    this.#dispatch = new Dispatch(options, this.#tasks, this.#book, submitter);
  }

  get stoppedByFailure(): boolean {
    return this.#stoppedByFailure;
  }

  drain(): void {
    if (this.#open) this.#stop("drain");
  }

  stopNow(): void {
    this.#stop("now");
  }

  /** Leaves the jobs as they are. */
  leave(): void {
    this.#stop("leave");
  }

  #stop(how: "drain" | "now" | "leave"): void {
    this.#stopping = how;
    this.#book.stopping = true;
    this.#book.hurry();
    this.options.toolchain.leave();
    this.#watch.now();
  }

  get #open(): boolean {
    return this.#stopping === "no";
  }

  async run(): Promise<void> {
    try {
      await this.#adopt();
      await this.#follow();
    } catch (error) {
      // What is in the queue is taken out, and the journal hears what became of it.
      this.#stop("now");
      await this.#follow().catch(() => this.#watch.cancel("now").catch(() => undefined));
      throw error;
    }
  }

  /** Submits and follows jobs until nothing is left to do. */
  async #follow(): Promise<void> {
    const submitted = (): void => this.#watch.soon();
    for (let looked = true; ;) {
      if (this.#open) await this.#dispatch.submitAll(() => this.#open, submitted);
      await this.#book.written();
      if (this.#stopping === "leave") return;
      if (this.#tasks.size === 0 && (!this.#open || !this.#waits())) return;
      await sleep(TICK);
      await this.#hear(looked);
      const how = this.#stopping;
      looked = await this.#watch.look(how === "drain" || how === "now" ? how : null);
      await this.#settle();
      await this.#book.written();
    }
  }

  /** Finds the jobs that an earlier controller submitted. */
  async #adopt(): Promise<void> {
    // The latest first: a stage that was submitted again is no longer in its earlier job.
    for (const submission of [...(await openSubmissions(this.options.sweepFolder))].reverse()) {
      let wanted = false;
      for (const number of submission.order.tasks.keys())
        wanted = this.#tasks.add(submission, number) || wanted;
      if (!wanted) await this.#tasks.closeIfDone(submission);
    }
    if (this.#tasks.size === 0) return;
    this.options.say(
      `${this.#tasks.size} jobs of an earlier run of this sweep may be in ${this.options.queue.name}'s queue: this run goes on with them`,
    );
  }

  /** Whether a stage is left that is in no job. */
  #waits(): boolean {
    return [...this.options.plan.stages.keys()].some((stage) => this.#tasks.isWaiting(stage));
  }

  /** `all`: also those that wait. */
  async #hear(all: boolean): Promise<void> {
    for (const task of this.#tasks.all()) {
      // One that waits has little to say: its file is not asked for at each turn. But a cluster that lost its
      // memory takes a job that runs for one that waits.
      if (!all && !this.#watch.isSilent && task.seen?.state === "pending") continue;
      if (await hear(task, this.#tasks, this.#book)) this.#watch.soon();
      if (task.isBlind) this.#warn(task);
    }
  }

  /** Says once that a job computes without the GPUs that it was given. */
  #warn({ words, node }: LiveTask): void {
    if (this.#warned) return;
    this.#warned = true;
    const { queue, say } = this.options;
    say(
      `warning: ${queue.name} gave ${words} a GPU, and the job sees none on ${node} (nvidia-smi -L): it computes on CPUs. Where that is meant, give jobs no GPU`,
    );
  }

  async #settle(): Promise<void> {
    for (const task of this.#tasks.all()) {
      await settleIfEnded(task, {
        ...{ tasks: this.#tasks, book: this.#book },
        options: this.options,
        stopping: this.#stopping,
      });
    }
  }

  /** A stage has failed for good: the queue takes the jobs of those that need it away. */
  #lost(stage: PlannedStage, skipped: readonly Fingerprint[]): void {
    for (const one of skipped) {
      const task = this.#tasks.owner(one);
      if (task !== undefined) this.#tasks.drop(task, one);
    }
    if (this.options.failures.after !== "stop" || !this.#open) return;
    this.options.say(
      `${stage.record.label} failed: what runs comes to a checkpoint, then it stops`,
    );
    this.#stoppedByFailure = true;
    this.drain();
  }
}
