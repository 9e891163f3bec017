import type { Fingerprint } from "../../base/fingerprint.js";
import type { StageError, KeptResult } from "../../contract/runner.js";
import type { PlannedStage } from "../../plan/index.js";
import type { NodeStatus } from "../graph.js";
import { Graph } from "../graph.js";
import type { Retry } from "../retries.js";
import { Pauses, Retries } from "../retries.js";
import type { ClusterOptions } from "./options.js";

/** How often a stage goes on from a checkpoint before that counts as a failure. */
const MOST_CONTINUED = 100;

/** The call of a try that failed. */
export interface FailedCall {
  /** Stages that it ran. */
  readonly group: number;
  /** Megabytes that its job had; null: nobody knows. */
  readonly memory: number | null;
}

/** Where the stages of a run stand: keeps the graph, tells the journal, and decides what is tried again. */
export class StageBook {
  readonly #graph: Graph;
  readonly #retries: Retries;
  readonly #pauses = new Pauses();
  readonly #pausing = new Set<Fingerprint>();
  readonly #remade = new Map<Fingerprint, number>();
  readonly #continued = new Map<Fingerprint, number>();
  #writes: Promise<unknown>[] = [];
  /** The sweep is being stopped: failures of machines are interruptions. */
  stopping = false;
  /** What failures have taught: most stages in one call, the part of a card that a call takes, and a job's memory. */
  readonly limits = new Map<Fingerprint, number>();
  readonly cardParts = new Map<Fingerprint, number>();
  readonly memories = new Map<Fingerprint, number>();

  constructor(
    private readonly options: ClusterOptions,
    /** Called where a stage fails for good, with the stages that cannot run for it. */
    private readonly lost: (stage: PlannedStage, skipped: readonly Fingerprint[]) => void,
  ) {
    const { plan, needed, done, failures, cellsPerCard } = options;
    this.#graph = new Graph(plan.stages, needed, done);
    this.#retries = new Retries(failures, { count: 1, cellsPerCard });
    for (const fingerprint of needed) this.#recall(fingerprint);
  }

  /** What an earlier run of the sweep found out about the memory that a stage has. */
  #recall(fingerprint: Fingerprint): void {
    const retries = this.options.journal.state?.stages.get(fingerprint)?.retries ?? [];
    for (const { tightened, cardPart, groupLimit, jobMemory } of retries) {
      this.#retries.recall(fingerprint, { tightened, cardPart });
      this.#learn(fingerprint, { groupLimit, cardPart, jobMemory });
    }
  }

  #learn(
    fingerprint: Fingerprint,
    lesson: { [name in "groupLimit" | "cardPart" | "jobMemory"]?: number | null | undefined },
  ): void {
    if (lesson.groupLimit != null) this.limits.set(fingerprint, lesson.groupLimit);
    if (lesson.cardPart != null) this.cardParts.set(fingerprint, lesson.cardPart);
    if (lesson.jobMemory != null) this.memories.set(fingerprint, lesson.jobMemory);
  }

  status(fingerprint: Fingerprint): NodeStatus {
    return this.#graph.status(fingerprint);
  }

  stage(fingerprint: Fingerprint): PlannedStage {
    return this.#graph.stage(fingerprint);
  }

  /** How often the stage was told to need less of a card's memory. */
  tightened(stage: Fingerprint): number {
    return this.#retries.tightened(stage);
  }

  /** Whether it is to run, and has not begun. */
  isOpen(fingerprint: Fingerprint): boolean {
    if (!this.options.plan.stages.has(fingerprint)) return false;
    const status = this.status(fingerprint);
    return status === "waiting" || status === "ready";
  }

  /** Whether it waits for its next try. */
  isPausing(fingerprint: Fingerprint): boolean {
    return this.#pausing.has(fingerprint);
  }

  /** All pauses end. */
  hurry(): void {
    this.#pauses.end();
  }

  /** Resolves when the journal has all that was said; rejects where it cannot be written. */
  async written(): Promise<void> {
    while (this.#writes.length > 0) await Promise.all(this.#writes.splice(0));
  }

  #write(written: Promise<unknown> | null): void {
    if (written === null) return;
    // Who waits for it hears of a failure, however much later that is.
    written.catch(() => undefined);
    this.#writes.push(written);
  }

  started(stage: Fingerprint, call: Parameters<ClusterOptions["events"]["started"]>[1]): void {
    this.#graph.mark(stage, "running");
    this.#write(this.options.events.started(stage, call));
  }

  reported(stage: Fingerprint, event: Parameters<ClusterOptions["events"]["reported"]>[1]): void {
    this.#write(this.options.events.reported(stage, event));
  }

  warning(stage: Fingerprint, message: string): void {
    this.#write(this.options.events.warning(stage, message));
  }

  finished(stage: Fingerprint, result: KeptResult, seconds: number): void {
    this.#write(this.options.events.finished(stage, seconds, result));
    this.#graph.complete(stage);
  }

  cached(stage: Fingerprint, result: KeptResult): void {
    this.#write(this.options.events.cached(stage, result));
    this.#graph.complete(stage);
  }

  /** The stage is to be submitted again, now or by a later run; `ran`: the journal says that it runs. */
  again(fingerprint: Fingerprint, ran: boolean): void {
    this.#graph.mark(fingerprint, "waiting");
    if (ran) this.#write(this.options.events.interrupted(fingerprint, !this.stopping));
  }

  /** The stage goes on from its checkpoint in another job. `error`: what that is where it never ends. */
  goesOn(fingerprint: Fingerprint, ran: boolean, error: StageError): void {
    const times = (this.#continued.get(fingerprint) ?? 0) + 1;
    this.#continued.set(fingerprint, times);
    const call = { group: 1, memory: null };
    if (times > MOST_CONTINUED) return this.bad(fingerprint, error, 0, call);
    this.again(fingerprint, ran);
    this.#pause(fingerprint, this.options.failures.wait);
  }

  /** A try has failed. */
  bad(fingerprint: Fingerprint, error: StageError, seconds: number, call: FailedCall): void {
    if (this.stopping && error.kind === "machine") return this.again(fingerprint, true);
    const stage = this.stage(fingerprint);
    const retry = this.#next(stage, error, call);
    if (retry === null) return this.failed(stage, error, seconds);
    this.#learn(fingerprint, retry);
    this.#graph.mark(fingerprint, "waiting");
    this.#write(this.options.events.retried(fingerprint, seconds, error, retry));
    this.#pause(fingerprint, retry.wait);
  }

  #next(stage: PlannedStage, error: StageError, { group, memory }: FailedCall): Retry | null {
    const { memoryGrowth: factor, memoryLimit: most } = this.options.cluster.jobs(
      stage.record.runner,
    );
    const job = memory === null ? null : { given: memory, factor, most: most ?? Infinity };
    return this.#retries.next(stage, error, group, job);
  }

  #pause(fingerprint: Fingerprint, seconds: number): void {
    this.#pausing.add(fingerprint);
    void this.#pauses.wait(seconds).then(() => this.#pausing.delete(fingerprint));
  }

  /** It has failed for good. */
  failed(stage: PlannedStage, error: StageError, seconds: number): void {
    const { fingerprint } = stage.record;
    this.#write(this.options.events.failed(fingerprint, seconds, error));
    const skipped = this.#graph.fail(fingerprint);
    for (const one of skipped) this.#write(this.options.events.skipped(one, fingerprint));
    this.lost(stage, skipped);
  }

  /** Inputs were not sound when its job began: they are made again first. */
  async lacking(fingerprint: Fingerprint, inputs: readonly Fingerprint[]): Promise<void> {
    for (const input of inputs) {
      const times = (this.#remade.get(input) ?? 0) + 1;
      this.#remade.set(input, times);
      if (times > 3) {
        const message = `its input ${this.stage(input).record.label} is damaged in the store again and again`;
        return this.failed(this.stage(fingerprint), { kind: "machine", message }, 0);
      }
      await this.#graph.reopen(
        input,
        async (one) => (await this.options.store.inspect(one)).state === "sound",
      );
    }
    this.#graph.mark(fingerprint, "waiting");
  }
}
