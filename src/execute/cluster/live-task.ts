import { readFile } from "node:fs/promises";
import type { Fingerprint } from "../../base/fingerprint.js";
import { LineReader } from "./lines.js";
import type { JobLine, Submission } from "./orders.js";
import { stagesOf, taskFiles, taskKey } from "./orders.js";
import type { JobSeen } from "./queue.js";
import type { FailedCall } from "./stage-book.js";

/** Last lines of a job's log that a failure carries. */
const LINES = 10;
const MOST_BYTES = 16_384;

/** A job that the controller follows. */
export class LiveTask {
  readonly reader: LineReader;
  /** Its stages whose end is not known. */
  readonly open: Set<Fingerprint>;
  /** Stages that run, as far as it said, and with how many others in one call. */
  readonly started = new Map<Fingerprint, number>();
  /** How the queue showed it last; null: not yet. */
  seen: JobSeen | null = null;
  /** What it said at its end. */
  over: Extract<JobLine, { type: "over" }> | null = null;
  /** Since when the queue shows it no more as one that waits or runs, by performance.now; null: not so. */
  endedAt: number | null = null;
  node: string | null = null;
  /** It was to have GPUs, and sees none. */
  isBlind = false;
  /** Megabytes that it has; null: nobody knows. */
  memory: number | null;
  cancelled: "no" | "drain" | "now" = "no";

  constructor(
    readonly submission: Submission,
    readonly number: number,
    /** As the queue knows it; null: it may not be there. */
    public id: string | null,
    wanted: (stage: Fingerprint) => boolean,
  ) {
    const tasks = [submission.order.tasks[number]!];
    const stages = stagesOf({ tasks }).map(({ order }) => order.record.fingerprint);
    this.open = new Set(stages.filter(wanted));
    this.reader = new LineReader(taskFiles(submission.folder, number));
    this.memory = submission.order.memory ?? null;
  }

  /** The job begins, perhaps anew. */
  began({ node, job, memory, gpus }: Extract<JobLine, { type: "began" }>): void {
    this.isBlind = this.submission.order.gpus > 0 && gpus === 0;
    this.started.clear();
    this.over = null;
    this.node = node;
    this.memory = memory ?? this.memory;
    this.id ??= job;
  }

  /** The call in which a stage of it runs, as far as it said. */
  callOf(stage: Fingerprint): FailedCall {
    return { group: this.started.get(stage) ?? 1, memory: this.memory };
  }

  get key(): string {
    return taskKey(this.submission.order, this.number);
  }

  /** For people: `job 12_3`. */
  get words(): string {
    return `job ${this.id ?? this.submission.order.name}`;
  }

  /** Where the job's output is. */
  get log(): string {
    return taskFiles(this.submission.folder, this.number).log;
  }

  /** Last lines of the job's output; empty where there is none. */
  async lastLines(): Promise<string> {
    const text = await readFile(this.log, "utf8").catch(() => "");
    return text.slice(-MOST_BYTES).trimEnd().split("\n").slice(-LINES).join("\n");
  }
}
