import { setTimeout as sleep } from "node:timers/promises";
import type { Fingerprint } from "../../base/fingerprint.js";
import { UserError } from "../../base/exit.js";
import type { PlannedStage } from "../../plan/index.js";
import type { QueuePlace } from "./batches.js";
import { placesOf } from "./batches.js";
import { refusedMemory } from "./ends.js";
import type { LiveTask } from "./live-task.js";
import type { LiveTasks } from "./live-tasks.js";
import type { ClusterOptions } from "./options.js";
import type { Submission } from "./orders.js";
import { closeSubmission } from "./orders.js";
import type { Pack } from "./pack.js";
import { packStages } from "./pack.js";
import { QueueFull, QueueSilent } from "./queue.js";
import type { StageBook } from "./stage-book.js";
import type { Submitter } from "./submit.js";
import { LOOK_SOONEST } from "./watch.js";

/** Puts stages into the queue. */
export class Dispatch {
  constructor(
    private readonly options: ClusterOptions,
    private readonly tasks: LiveTasks,
    private readonly book: StageBook,
    private readonly submitter: Submitter,
  ) {}

  /**
   * Submits every stage that is not submitted and whose inputs are there or submitted, as chains.
   *
   * @param isOpen whether the sweep still goes on
   * @param submitted called after each submission
   */
  async submitAll(isOpen: () => boolean, submitted: () => void): Promise<void> {
    for (const { pack, place } of this.#packs()) {
      if (!isOpen()) return;
      const what = await this.#submit(pack, place);
      if (what !== "passed") submitted();
      if (what === "wait") return;
    }
  }

  /** Stages to submit, those that wait for others behind them. */
  #levels(): readonly (readonly PlannedStage[])[] {
    const level = new Map<Fingerprint, number>();
    const levels: PlannedStage[][] = [];
    for (const [fingerprint, stage] of this.options.plan.stages) {
      if (!this.tasks.isWaiting(fingerprint) || this.book.isPausing(fingerprint)) continue;
      const below = stage.needs.map((need) => {
        if (this.book.status(need) === "done" || this.tasks.owner(need) !== undefined) return 0;
        return (level.get(need) ?? Infinity) + 1;
      });
      const own = Math.max(0, ...below);
      if (own === Infinity) continue;
      level.set(fingerprint, own);
      (levels[own] ??= []).push(stage);
    }
    return levels;
  }

  /** What to submit, those that wait for others behind them, and where each comes in the queue. */
  #packs(): readonly { pack: Pack; place: QueuePlace }[] {
    const { cluster, cellsPerCard, expected } = this.options;
    const notMade = ({ needs }: PlannedStage): readonly Fingerprint[] =>
      needs.filter((need) => this.book.status(need) !== "done");
    const packs = this.#levels().flatMap((stages) =>
      packStages(stages, cluster, cellsPerCard, notMade, this.book, expected),
    );
    if (packs.length === 0) return [];
    const places = placesOf(cluster.limit, packs, this.tasks);
    return packs.map((pack, index) => ({ pack, place: places[index]! }));
  }

  /** Gives `passed` where nothing is in the queue for it, and `wait` where no more can be submitted now. */
  async #submit(
    pack: Pack,
    { places, behind }: QueuePlace,
  ): Promise<"submitted" | "passed" | "wait"> {
    // A failure of the toolchain may have ended what these wait for.
    const parents = pack.after.map((need) => this.tasks.owner(need));
    if (parents.some((parent) => parent?.id == null)) return "passed";
    const before = behind();
    if (before.some(({ id }) => id === null)) return "passed";
    const ready = await this.submitter.toolchain(pack.parts);
    if (ready === "aborted") return "wait";
    const all = pack.tasks.flat().flatMap(({ stages }) => stages);
    if ("message" in ready) {
      for (const stage of all) this.book.failed(stage, ready, 0);
      return "passed";
    }
    const after = idsOf(new Set(parents.map((parent) => parent!)));
    const tightened = (stage: Fingerprint): number => this.book.tightened(stage);
    const order = {
      ...{ toolchain: ready, places, after, over: this.tasks.over, tightened },
      // Jobs of an array that are not followed have ended.
      behind: [...new Set(before.map(({ submission, id }) => submission.id ?? id!))],
    };
    const submission = await this.submitter.prepare(pack, order);
    let id: string | null;
    try {
      id = await this.submitter.submit(pack, submission, order);
    } catch (error) {
      if (error instanceof QueueFull) {
        await closeSubmission(submission.folder);
        await sleep(LOOK_SOONEST);
        return "wait";
      }
      if (error instanceof UserError) {
        await closeSubmission(submission.folder);
        // What was given what the spec says is refused for what the spec says.
        if (!pack.more) throw error;
        for (const stage of all)
          this.book.failed(stage, refusedMemory(pack.settings.memory!, error), 0);
        return "passed";
      }
      if (!(error instanceof QueueSilent)) throw error;
      // Whether it was heard is found out by looking.
      id = null;
    }
    const known = { ...submission, id };
    for (const number of known.order.tasks.keys()) this.tasks.add(known, number);
    return id === null ? "wait" : "submitted";
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
