import { setImmediate as nextTurn } from "node:timers/promises";
import type { Fingerprint } from "../base/fingerprint.js";
import type { JournalWriter } from "../journal/index.js";
import type { Plan, PlannedStage } from "../plan/index.js";
import type { FailureClass, KeptResult, ReadyToolchain, StageError } from "../contract/runner.js";
import type { LockHolder, Store } from "../store/index.js";
import type { SpecFailures } from "../spec/index.js";
import { CardFaults } from "./card-faults.js";
import type { Executor, Place, StageRun } from "./executor.js";
import { Graph } from "./graph.js";
import { Flight } from "./flight.js";
import type { TaskEnd } from "./messages.js";
import { MadeElsewhere } from "./made-elsewhere.js";
import { prepareGroup } from "./prepare.js";
import type { Prepared } from "./prepare.js";
import type { Bucket } from "./ready.js";
import { ReadyStages } from "./ready.js";
import type { Retry } from "./retries.js";
import { ON_ANOTHER_CARD, Pauses, Retries } from "./retries.js";
import { runGroup } from "./run-group.js";
import type { StageEvents } from "./stage-events.js";
import type { ToolchainGate } from "./toolchain-gate.js";

export interface SchedulerOptions {
  readonly plan: Plan;
  /** Stages to run, and stages whose artifacts are there. */
  readonly needed: ReadonlySet<Fingerprint>;
  readonly done: ReadonlySet<Fingerprint>;
  readonly store: Store;
  readonly journal: JournalWriter;
  readonly events: StageEvents;
  readonly executor: Executor;
  readonly toolchain: ToolchainGate;
  readonly cellsPerCard: number;
  /** Cards that stages may run on. */
  readonly cards: number;
  /** Seconds that a stage is expected to take by itself, by the same measure at any time; null: not known. */
  readonly expected: (stage: Fingerprint) => number | null;
  readonly failures: SpecFailures;
  /** See {@link Science.classify}. */
  readonly classify: (words: string) => FailureClass | null;
  /** A stage was made: the line of its artifact's witness. */
  readonly witnessed: (line: string) => void;
  /** One line for the user about something that is not an event of the sweep. */
  readonly say: (line: string) => void;
}

type Failed = Extract<TaskEnd, { readonly how: "failed" }>;

/** Stages of a group that failed wait so long for each other, so that they form smaller groups. */
const GATHER_SECONDS = 0.2;

/** Runs the stages of a plan as soon as their inputs are there. */
export class Scheduler implements StageRun {
  readonly #graph: Graph;
  readonly #ready: ReadyStages;
  /** Groups being prepared or run, and everything written on their behalf. */
  readonly #flight = new Flight();
  readonly #events: StageEvents;
  readonly #elsewhere: MadeElsewhere;
  readonly #retries: Retries;
  readonly #cardFaults: CardFaults;
  readonly #pauses = new Pauses();
  readonly #remade = new Map<Fingerprint, number>();
  /** The wait for room that others hold, which goes on already. */
  #roomOfOthers: Promise<void> | null = null;
  #stopping: "no" | "drain" | "now" = "no";
  #stoppedByFailure = false;

  constructor(private readonly options: SchedulerOptions) {
    this.#graph = new Graph(options.plan.stages, options.needed, options.done);
    this.#events = options.events;
    this.#elsewhere = new MadeElsewhere(options.store, options.say, (free) => {
      this.#enqueue(free);
      this.#pump();
    });
    const { cards: count, cellsPerCard } = options;
    this.#retries = new Retries(options.failures, { count, cellsPerCard });
    this.#ready = new ReadyStages(cellsPerCard, count, options.expected);
    this.#cardFaults = new CardFaults(options.executor, this.#ready, options.events);
    for (const fingerprint of options.needed) this.#recall(fingerprint);
  }

  /** What an earlier run of the sweep found out about the memory that a stage has. */
  #recall(fingerprint: Fingerprint): void {
    const retries = this.options.journal.state?.stages.get(fingerprint)?.retries ?? [];
    // Of each finding the last one counts; a try that found nothing out lacks it.
    const { tightened, cardPart, groupLimit } = Object.assign({}, ...retries) as Retry["kept"];
    this.#retries.recall(fingerprint, { tightened, cardPart });
    this.#confine(fingerprint, { cardPart, groupLimit });
  }

  /** Has the next calls of a stage take a part of a card, and hold no more stages, where that is said. */
  #confine(
    fingerprint: Fingerprint,
    {
      cardPart,
      groupLimit,
    }: { cardPart?: number | null | undefined; groupLimit?: number | null | undefined },
  ): void {
    if (cardPart != null) this.#ready.takePart(fingerprint, cardPart);
    if (groupLimit != null) this.#ready.limit(fingerprint, groupLimit);
  }

  /** Runs until nothing is left to do, or until stopped. Rejects where the journal or store fails. */
  async run(): Promise<void> {
    this.#enqueue(this.#graph.takeReady());
    this.#pump();
    try {
      await this.#flight.landed();
    } catch (error) {
      this.#stopping = "now";
      await this.options.executor.stop();
      throw error;
    }
    await this.options.executor.stop();
  }

  /** Starts nothing more and asks what runs to come to a checkpoint. */
  drain(): void {
    if (this.#stopping !== "no") return;
    this.#stopping = "drain";
    this.#leave();
    this.options.executor.drain();
  }

  /** Ends all that runs. */
  stopNow(): void {
    this.#stopping = "now";
    this.#leave();
    this.#flight.add(this.options.executor.stop());
  }

  /** The processes of this machine end with their sweep: they come to a checkpoint. */
  leave(): void {
    this.drain();
  }

  /** True where a failure stopped the sweep, as `failure: stop` asks. */
  get stoppedByFailure(): boolean {
    return this.#stoppedByFailure;
  }

  #leave(): void {
    this.#pauses.end();
    this.#ready.clear();
    this.#elsewhere.leave();
    this.options.toolchain.leave();
  }

  get #open(): boolean {
    return this.#stopping === "no";
  }

  #enqueue(stages: readonly PlannedStage[]): void {
    if (this.#open) for (const stage of stages) this.#ready.add(stage);
  }

  #pump(): void {
    if (!this.#open) return;
    this.#ready.offer((bucket, behind) => this.#start(bucket, behind));
    const room = this.options.executor.settle();
    if (room === null || room === this.#roomOfOthers) return;
    this.#roomOfOthers = room;
    this.#flight.add(room.then(() => this.#pump()));
  }

  #start(bucket: Bucket, behind: readonly Bucket[]): "started" | "no room" | "not yet" {
    const { executor, toolchain } = this.options;
    const first = bucket.queue[0]!;
    const parts = first.runner.toolchain(first.record.params);
    const ready = toolchain.ready(parts);
    if (ready === null) {
      // Alike stages need alike parts, so the bucket waits as a whole, holding no room.
      const waiting = bucket.queue.splice(0);
      this.#flight.add(
        toolchain.open(parts).then(async (problem) => {
          if (problem === null) this.#enqueue(waiting);
          else for (const stage of waiting) await this.#failed(stage, problem, 0);
          // Others have waited for the same parts: which goes first is chosen among all of them.
          await nextTurn();
          this.#pump();
        }),
      );
      return "not yet";
    }
    const place = executor.find(bucket.wanted, bucket.gpu, () => this.#ready.size, {
      behind,
      avoid: bucket.avoid,
    });
    if (place === null) return this.#giveUp(bucket) ? "not yet" : "no room";
    const places = executor.places(bucket.wanted, bucket.gpu);
    const stages = bucket.queue.splice(0, this.#ready.callSize(bucket, places));
    for (const stage of stages) this.#graph.mark(stage.record.fingerprint, "running");
    this.#flight.add(this.#launch(bucket, stages, place, ready));
    return "started";
  }

  /** Stages whose cards have failed, or are too small, do not wait for ever. */
  #giveUp({ wanted, gpu, queue }: Bucket): boolean {
    const message = this.options.executor.hopeless(wanted, gpu);
    if (message === null) return false;
    const error = { kind: "machine", class: "gpu", message } as const;
    const failed = queue.splice(0).map((stage) => {
      this.#graph.mark(stage.record.fingerprint, "running");
      return this.#failed(stage, error, 0);
    });
    this.#flight.add(Promise.all(failed).then(() => this.#pump()));
    return true;
  }

  /** Locks the stages, looks once more whether they must run, and runs those that must. */
  async #launch(
    bucket: Bucket,
    stages: readonly PlannedStage[],
    place: Place,
    toolchain: ReadyToolchain,
  ): Promise<void> {
    const { store } = this.options;
    const prepared = await prepareGroup(stages, store, {
      cached: (stage, result) => this.#cached(stage, result),
      elsewhere: (stage, holder) => this.#madeElsewhere(stage, holder),
      lacking: (stage, inputs) => this.#lacking(stage, inputs),
      damaged: (stage, reason, movedTo) => this.#damaged(stage, reason, movedTo),
    });
    if (prepared.length === 0 || !this.#open) {
      for (const one of prepared) await one.lock.release();
      place.release();
      this.#ready.over(bucket);
      this.#pump();
      return;
    }
    const { worker, pid, mark } = place.open(toolchain);
    const call = { worker, gpus: place.allocation.gpus, fusedWith: prepared.length };
    for (const { stage, lock } of prepared) {
      if (pid > 0) await lock.handTo(pid, mark);
      // Not waited for: what the stage says comes behind it in the journal.
      this.#flight.add(this.#events.started(stage.record.fingerprint, call));
    }
    const fingerprints = prepared.map(({ stage }) => stage.record.fingerprint);
    await runGroup(prepared, place, {
      toolchain,
      tightened: Math.max(...fingerprints.map((stage) => this.#retries.tightened(stage))),
      limit: this.options.failures.timeLimits[prepared[0]!.stage.record.runner],
      classify: this.options.classify,
      stopping: () => !this.#open,
      event: (stage, event) => {
        const written = this.#events.reported(stage, event);
        if (written !== null) this.#flight.add(written);
      },
      ended: (one, end) => this.#flight.add(this.#ended(one, end, call)),
    });
    this.#ready.over(bucket);
    this.#pump();
  }

  async #ended(
    { stage, lock }: Prepared,
    end: TaskEnd,
    { gpus, fusedWith }: { readonly gpus: readonly number[]; readonly fusedWith: number },
  ): Promise<void> {
    const { fingerprint } = stage.record;
    if (end.how === "published") {
      if (end.witness !== undefined) this.options.witnessed(end.witness);
      await this.#cardFaults.worked(stage, gpus);
      await this.#events.finished(fingerprint, end.seconds, end.result);
      await lock.release();
      this.#enqueue(this.#graph.complete(fingerprint));
    } else if (end.how === "drained" || (end.error.kind === "machine" && !this.#open)) {
      this.#graph.mark(fingerprint, "waiting");
      await this.#events.interrupted(fingerprint);
      await lock.release();
    } else {
      const { error, innocent } = await this.#cardFaults.judge(stage, gpus, end.error);
      const retry = innocent ? ON_ANOTHER_CARD : this.#retries.next(stage, error, fusedWith);
      if (retry === null) await this.#failed(stage, error, end.seconds);
      else await this.#tryAgain(stage, { ...end, error }, retry);
      await lock.release();
    }
    this.#pump();
  }

  /** Writes that the stage is tried again, and lets it be ready after the wait. */
  async #tryAgain(stage: PlannedStage, { error, seconds }: Failed, retry: Retry): Promise<void> {
    const { fingerprint } = stage.record;
    const { wait, groupLimit } = retry;
    this.#confine(fingerprint, retry);
    this.#graph.mark(fingerprint, "waiting");
    await this.#events.retried(fingerprint, seconds, error, retry);
    this.#flight.add(this.#enqueueLater(stage, wait, groupLimit === null ? 0 : GATHER_SECONDS));
  }

  /** Makes a stage ready after a wait; then others of its group may gather before anything starts. */
  async #enqueueLater(stage: PlannedStage, wait: number, gather: number): Promise<void> {
    await this.#pauses.wait(Math.max(wait, gather));
    if (!this.#open) return;
    this.#graph.mark(stage.record.fingerprint, "ready");
    this.#enqueue([stage]);
    await this.#pauses.wait(gather);
    this.#pump();
  }

  async #failed(stage: PlannedStage, error: StageError, seconds: number): Promise<void> {
    const { fingerprint } = stage.record;
    // Before anything is waited for: its place is free, and nothing else is to start there.
    if (this.options.failures.after === "stop" && this.#open) {
      this.options.say(
        `${stage.record.label} failed: what runs comes to a checkpoint, then it stops`,
      );
      this.#stoppedByFailure = true;
      this.drain();
    }
    await this.#events.failed(fingerprint, seconds, error);
    for (const skipped of this.#graph.fail(fingerprint)) {
      await this.#events.skipped(skipped, fingerprint);
    }
  }

  async #cached(stage: PlannedStage, result: KeptResult): Promise<void> {
    const { fingerprint } = stage.record;
    await this.#events.cached(fingerprint, result);
    this.#enqueue(this.#graph.complete(fingerprint));
  }

  /** An input was sound when the sweep began and is not now: it is made again first. */
  async #lacking(stage: PlannedStage, inputs: readonly Fingerprint[]): Promise<void> {
    this.#graph.mark(stage.record.fingerprint, "waiting");
    for (const input of inputs) {
      const times = (this.#remade.get(input) ?? 0) + 1;
      this.#remade.set(input, times);
      if (times > 3) {
        const message = `its input ${this.#graph.stage(input).record.label} is damaged in the store again and again`;
        return this.#failed(stage, { kind: "machine", message }, 0);
      }
      const sound = async (fingerprint: Fingerprint): Promise<boolean> =>
        (await this.options.store.inspect(fingerprint)).state === "sound";
      this.#enqueue(await this.#graph.reopen(input, sound));
    }
    this.#enqueue(this.#graph.takeReady([stage.record.fingerprint]));
  }

  async #damaged(stage: PlannedStage, reason: string, movedTo: string): Promise<void> {
    const message = `its artifact was damaged (${reason}); moved to ${movedTo}`;
    await this.#events.warning(stage.record.fingerprint, message);
  }

  #madeElsewhere(stage: PlannedStage, holder: LockHolder): void {
    if (!this.#open) return;
    this.#graph.mark(stage.record.fingerprint, "ready");
    const watch = this.#elsewhere.wait(stage, holder);
    if (watch !== null) this.#flight.add(watch);
  }
}
