import { setTimeout as sleep } from "node:timers/promises";
import type { Fingerprint } from "../../base/fingerprint.js";
import type { PlannedStage } from "../../plan/index.js";
import { resultOf } from "../../store/index.js";
import type { StageRun } from "../executor.js";
import { endOf } from "./ends.js";
import { LiveTask } from "./live-task.js";
import type { JobLine, Submission } from "./orders.js";
import { claimOf, claimTask, closeSubmission, openSubmissions, writeId } from "./orders.js";
import type { ClusterOptions } from "./options.js";
import { packStages } from "./pack.js";
import type { Queue } from "./queue.js";
import { QueueFull, QueueSilent } from "./queue.js";
import { StageBook } from "./stage-book.js";
import { Submitter } from "./submit.js";

/** Between looks into the jobs' files, in milliseconds. */
const TICK = 400;
/** Between looks into the queue: from this to that, longer while nothing happens. */
const LOOK_SOONEST = 1000;
const LOOK_LATEST = 15_000;
/** How long a network's file system may keep the last words of a job that ended, in milliseconds. */
const LAG = 3000;
const LAG_OF_SUCCESS = 30_000;
/** Who has a task that was taken away from every job. */
const NOBODY = "nobody";

/**
 * Runs the stages of a plan as jobs of a cluster. All that can be submitted is submitted at once, each job
 * waiting in the queue for those that it needs; this controller then follows the jobs' files, writes the
 * journal, and submits anew what failed. It may be killed at any time: the next one finds the jobs.
 */
export class ClusterRun implements StageRun {
  readonly #book: StageBook;
  readonly #live = new Map<string, LiveTask>();
  readonly #owner = new Map<Fingerprint, LiveTask>();
  /** Ids of jobs that have ended, for those that come after them. */
  readonly #over: string[] = [];
  readonly #submitter: Submitter;
  #stopping: "no" | "drain" | "now" | "leave" = "no";
  #stoppedByFailure = false;
  #lookAt = 0;
  #lookEvery = LOOK_SOONEST;
  #silent = false;

  constructor(private readonly options: ClusterOptions) {
    this.#book = new StageBook(options, (stage, skipped) => this.#lost(stage, skipped));
    this.#submitter = new Submitter(options);
  }

  get stoppedByFailure(): boolean {
    return this.#stoppedByFailure;
  }

  drain(): void {
    if (this.#stopping === "no") this.#stop("drain");
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
    this.#lookAt = 0;
  }

  get #open(): boolean {
    return this.#stopping === "no";
  }

  async run(): Promise<void> {
    try {
      await this.#adopt();
      for (;;) {
        if (this.#open) await this.#submit();
        if (this.#stopping === "leave") return;
        if (this.#live.size === 0 && (!this.#open || !this.#waits())) return;
        await sleep(TICK);
        for (const task of [...this.#live.values()]) {
          // One that waits says nothing: its file is not asked for again and again.
          if (this.#silent || task.seen?.state !== "pending") await this.#follow(task);
        }
        if (performance.now() >= this.#lookAt) await this.#look();
        for (const task of [...this.#live.values()]) await this.#settleEnded(task);
        await this.#book.written();
      }
    } catch (error) {
      await this.#cancel("now").catch(() => undefined);
      throw error;
    }
  }

  /** Finds the jobs that an earlier controller submitted. */
  async #adopt(): Promise<void> {
    // The latest first: a stage that was submitted again is no longer in its earlier job.
    for (const submission of [...(await openSubmissions(this.options.sweepFolder))].reverse()) {
      let wanted = false;
      for (const number of submission.order.tasks.keys())
        wanted = this.#add(submission, number) || wanted;
      if (!wanted) await this.#closeIfDone(submission);
    }
    if (this.#live.size === 0) return;
    this.options.say(
      `${this.#live.size} jobs of an earlier run of this sweep may be in ${this.options.queue.name}'s queue: this run goes on with them`,
    );
  }

  /** Follows a task, where a stage of it is wanted and nobody else makes it. */
  #add(submission: Submission, number: number): boolean {
    const { queue } = this.options;
    const { id, order } = submission;
    const name = id === null ? null : queue.taskId(id, number, order.tasks.length);
    const task = new LiveTask(submission, number, name, (stage) => this.#isWaiting(stage));
    if (task.open.size === 0) return false;
    this.#live.set(task.key, task);
    for (const stage of task.open) this.#owner.set(stage, task);
    return true;
  }

  #isWaiting(fingerprint: Fingerprint): boolean {
    return this.#book.isOpen(fingerprint) && !this.#owner.has(fingerprint);
  }

  /** Whether a stage is left that is in no job. */
  #waits(): boolean {
    return [...this.options.plan.stages.keys()].some((stage) => this.#isWaiting(stage));
  }

  /** Submits every stage that is not submitted and whose inputs are there or submitted, as chains. */
  async #submit(): Promise<void> {
    const level = new Map<Fingerprint, number>();
    const levels: PlannedStage[][] = [];
    for (const [fingerprint, stage] of this.options.plan.stages) {
      if (!this.#isWaiting(fingerprint) || this.#book.isPausing(fingerprint)) continue;
      const below = stage.needs.map((need) => {
        if (this.#book.status(need) === "done" || this.#owner.has(need)) return 0;
        return (level.get(need) ?? Infinity) + 1;
      });
      const own = Math.max(0, ...below);
      if (own === Infinity) continue;
      level.set(fingerprint, own);
      (levels[own] ??= []).push(stage);
    }
    for (const stages of levels) if (!(await this.#submitLevel(stages))) return;
  }

  async #submitLevel(stages: readonly PlannedStage[]): Promise<boolean> {
    const { cluster, cellsPerCard } = this.options;
    const notMade = ({ needs }: PlannedStage): readonly Fingerprint[] =>
      needs.filter((need) => this.#book.status(need) !== "done");
    const packs = packStages(stages, cluster, cellsPerCard, notMade, this.#book);
    const arrays = packs.filter(({ tasks }) => tasks.length > 1).length;
    const atOnce = Math.max(1, Math.floor(cluster.limit / Math.max(1, arrays)));
    for (const pack of packs) {
      if (!this.#open) return false;
      // A failure of the toolchain may have ended what these wait for.
      const parents = pack.after.map((need) => this.#owner.get(need));
      if (parents.some((parent) => parent?.id == null)) continue;
      const ready = await this.#submitter.toolchain(pack.parts);
      if (ready === "aborted") return false;
      if ("message" in ready) {
        const all = pack.tasks.flat().flatMap((call) => call.stages);
        for (const stage of all) this.#book.failed(stage, ready, 0);
        continue;
      }
      const after = idsOf(new Set(parents.map((parent) => parent!)));
      const tightened = (stage: Fingerprint): number => this.#book.tightened(stage);
      const order = { toolchain: ready, after, atOnce, over: this.#over, tightened };
      const submission = await this.#submitter.prepare(pack, order);
      const id = await this.#submitter.submit(pack, submission, order).catch((error: unknown) => {
        // Whether it was heard is found out by looking.
        if (error instanceof QueueSilent) return null;
        if (error instanceof QueueFull) return "full" as const;
        throw error;
      });
      if (id === "full") {
        await closeSubmission(submission.folder);
        await sleep(LOOK_SOONEST);
        return false;
      }
      const known = { ...submission, id };
      for (const number of known.order.tasks.keys()) this.#add(known, number);
      this.#lookSoon();
      if (id === null) return false;
    }
    return true;
  }

  #lookSoon(): void {
    this.#lookEvery = LOOK_SOONEST;
    this.#lookAt = Math.min(this.#lookAt, performance.now() + LOOK_SOONEST);
  }

  /** Hears what a job has said since the last time. */
  async #follow(task: LiveTask): Promise<void> {
    const lines = await task.reader.next();
    if (lines.length === 0) return;
    for (const { line, known } of lines) await this.#heard(task, line, known);
    await this.#book.written();
    await task.reader.keep();
    if (lines.some(({ line }) => line.type === "began" || line.type === "over")) this.#lookSoon();
  }

  async #heard(task: LiveTask, line: JobLine, known: boolean): Promise<void> {
    if (line.type === "began") {
      // What ran in the job before it was requeued is interrupted.
      if (line.again) for (const stage of task.started.keys()) this.#book.again(stage, true);
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
        const { gpus, fusedWith } = line;
        task.started.set(stage, fusedWith);
        // Also where an earlier controller has said so: the journal was told since that it is over.
        const worker = Number.parseInt(task.id ?? "0", 10);
        this.#book.started(stage, { worker, gpus, fusedWith });
        const values = { "job.id": task.id ?? "", "job.node": task.node ?? "" };
        this.#book.reported(stage, { type: "facts", values });
        return;
      }
      case "event":
        if (!known) this.#book.reported(stage, line.event);
        return;
      case "damaged":
        if (known) return;
        this.#book.warning(
          stage,
          `its artifact was damaged (${line.reason}); moved to ${line.movedTo}`,
        );
        return;
      case "cached":
        this.#drop(task, stage);
        this.#book.cached(stage, line.result);
        return;
      case "lacking":
        this.#drop(task, stage);
        await this.#book.lacking(stage, line.inputs);
        return;
      case "end": {
        const { end } = line;
        const group = task.started.get(stage) ?? 1;
        // What is to follow is decided when it is known why the job was told to end.
        if (end.how === "drained") return;
        this.#drop(task, stage);
        if (end.how === "published") this.#book.finished(stage, end.result, end.seconds);
        else this.#book.bad(stage, end.error, end.seconds, group);
        return;
      }
    }
  }

  /** The end of a stage of a task is known. */
  #drop(task: LiveTask, stage: Fingerprint): void {
    task.open.delete(stage);
    task.started.delete(stage);
    this.#owner.delete(stage);
  }

  /** A stage has failed for good: the queue takes the jobs of those that need it away. */
  #lost(stage: PlannedStage, skipped: readonly Fingerprint[]): void {
    for (const one of skipped) {
      const task = this.#owner.get(one);
      if (task !== undefined) this.#drop(task, one);
    }
    if (this.options.failures.after !== "stop" || !this.#open) return;
    this.options.say(
      `${stage.record.label} failed: what runs comes to a checkpoint, then it stops`,
    );
    this.#stoppedByFailure = true;
    this.drain();
  }

  /** Looks into the queue. */
  async #look(): Promise<void> {
    const { queue, say } = this.options;
    try {
      if (this.#stopping === "drain" || this.#stopping === "now")
        await this.#cancel(this.#stopping);
      const names = new Map<string, Awaited<ReturnType<Queue["look"]>>[number]>();
      for (const seen of await queue.look(`${this.#submitter.prefix}-`)) {
        names.set(`${seen.name}/${seen.task}`, seen);
      }
      if (this.#silent) say(`${queue.name} answers again`);
      this.#silent = false;
      for (const task of [...this.#live.values()]) await this.#saw(task, names.get(task.key));
    } catch (error) {
      if (!(error instanceof QueueSilent)) throw error;
      if (!this.#silent)
        say(`${queue.name} does not answer; what runs goes on, and this sweep waits`);
      this.#silent = true;
    }
    this.#lookAt = performance.now() + this.#lookEvery;
    this.#lookEvery = Math.min(LOOK_LATEST, this.#lookEvery * 1.5);
  }

  async #cancel(how: "drain" | "now"): Promise<void> {
    const tasks = [...this.#live.values()].filter(
      ({ id, cancelled }) => id !== null && cancelled !== how && cancelled !== "now",
    );
    await this.options.queue.cancel(
      tasks.map(({ id }) => id!),
      how,
    );
    for (const task of tasks) task.cancelled = how;
  }

  async #saw(task: LiveTask, seen: LiveTask["seen"] | undefined): Promise<void> {
    const { folder, id } = task.submission;
    if (seen != null) {
      if (task.id === null) {
        task.id = seen.id;
        if (id === null) await writeId(folder, seen.id.replace(/_.*/, ""));
      }
      if (seen.state !== task.seen?.state) this.#lookEvery = LOOK_SOONEST;
      task.seen = seen;
      if (seen.state === "pending" || seen.state === "running") task.endedAt = null;
      else task.endedAt ??= performance.now();
      return;
    }
    task.seen = null;
    if ((await claimOf(folder, task.number)) === null) {
      // It was never submitted, or is gone without having begun: from now on it cannot begin.
      const owner = await claimTask(folder, task.number, NOBODY);
      if (owner === NOBODY) return this.#release(task);
    }
    task.endedAt ??= performance.now();
  }

  /** Nothing will come of a task: its stages are submitted anew. */
  async #release(task: LiveTask): Promise<void> {
    for (const stage of [...task.open]) {
      const ran = task.started.has(stage);
      this.#drop(task, stage);
      this.#book.again(stage, ran);
    }
    await this.#close(task);
  }

  async #close(task: LiveTask): Promise<void> {
    this.#live.delete(task.key);
    if (task.id !== null && (task.over !== null || task.endedAt !== null)) this.#over.push(task.id);
    await this.#closeIfDone(task.submission);
  }

  async #closeIfDone({ folder, order }: Submission): Promise<void> {
    const isLive = [...order.tasks.keys()].some((number) =>
      this.#live.has(`${order.name}/${number}`),
    );
    if (!isLive) await closeSubmission(folder);
  }

  /** Decides what follows where a job has ended. */
  async #settleEnded(task: LiveTask): Promise<void> {
    if (task.open.size === 0) return this.#close(task);
    // A job that was told to end may go on elsewhere: the queue knows.
    const knows = task.over !== null && (!task.over.drained || !this.#open);
    if (!knows && task.endedAt === null) return;
    const state = task.seen?.state ?? null;
    const well = typeof state === "object" && state?.how === "completed";
    const waits = task.endedAt !== null ? performance.now() - task.endedAt : Infinity;
    const lag = this.#stopping === "now" ? 0 : well ? LAG_OF_SUCCESS : LAG;
    if (task.over === null && waits < lag) return;
    if (task.over === null) await this.#follow(task);
    for (const stage of [...task.open]) await this.#settle(task, stage);
    await this.#book.written();
    await this.#close(task);
  }

  async #settle(task: LiveTask, fingerprint: Fingerprint): Promise<void> {
    const ran = task.started.has(fingerprint);
    const group = task.started.get(fingerprint) ?? 1;
    const startedAt = this.options.journal.state?.stages.get(fingerprint)?.startedAt ?? null;
    this.#drop(task, fingerprint);
    const inspection = await this.options.store.inspect(fingerprint);
    if (inspection.state === "sound") {
      const { manifest } = inspection;
      return this.#book.finished(fingerprint, resultOf(manifest), manifest.seconds);
    }
    const { needs } = this.#book.stage(fingerprint);
    const inputsMade = needs.every((need) => this.#book.status(need) === "done");
    const what = await endOf(task, { ran, inputsMade, stopping: !this.#open });
    if (what === "again") return this.#book.again(fingerprint, ran);
    if ("goesOn" in what) return this.#book.goesOn(fingerprint, ran, what.goesOn);
    const seconds = ran && startedAt !== null ? (Date.now() - startedAt) / 1000 : 0;
    this.#book.bad(fingerprint, what.error, Math.round(seconds * 1000) / 1000, group);
  }
}

/** Ids of jobs, where all tasks of a submission are among them its own. */
function idsOf(tasks: ReadonlySet<LiveTask>): readonly string[] {
  const counts = new Map<Submission, number>();
  for (const { submission } of tasks) counts.set(submission, (counts.get(submission) ?? 0) + 1);
  const ids = [...tasks].map(({ submission, id }) =>
    counts.get(submission) === submission.order.tasks.length ? (submission.id ?? id!) : id!,
  );
  return [...new Set(ids)];
}
