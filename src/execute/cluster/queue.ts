import type { FailureClass } from "../../contract/runner.js";

/** What a cluster is asked to run: a program, in one job or in several alike ones. */
export interface JobRequest {
  /** Unlike the name of any other request, for ever: by it a job is found again. */
  readonly name: string;
  /** Program and arguments, the same for each task; the task's number, from 0, is put behind them. */
  readonly command: readonly string[];
  /** How many jobs there are. More than one: the cluster holds them as one array. */
  readonly tasks: number;
  /** Most of them that run at the same time. */
  readonly atOnce: number;
  readonly cpus: number;
  readonly gpus: number;
  /** Megabytes; null: the cluster's default. */
  readonly memory: number | null;
  /** Seconds that a task may run; null: as long as the cluster allows. */
  readonly seconds: number | null;
  /** Seconds before its time is up at which a task is told so; 0: never. */
  readonly warning: number;
  readonly partition: string | null;
  readonly account: string | null;
  /** Further options in the cluster's own words. */
  readonly options: readonly string[];
  /** Jobs, by their ids, that must have ended well before a task begins. */
  readonly after: readonly string[];
  /** Jobs that must have ended, however, before a task begins: the sweep's limit has no more room. */
  readonly behind: readonly string[];
  /** The whole environment of the submission and, by it, of the tasks. */
  readonly environment: NodeJS.ProcessEnv;
  /** Absolute folder of what the tasks print: `N.log` of task N. */
  readonly folder: string;
}

/** How a job ended: well, or in a way that decides what follows. */
export type JobEnd =
  | { readonly how: "completed" }
  /** `message`: for people, with what the cluster says. */
  | { readonly how: "failed"; readonly class: FailureClass; readonly message: string }
  /** The cluster took its place for another job: it goes on from its checkpoint. */
  | { readonly how: "preempted" }
  /** `forParent`: a job that it waited for failed. */
  | { readonly how: "cancelled"; readonly forParent: boolean };

/** A job as the queue shows it. */
export interface JobSeen {
  /** Id of its submission. */
  readonly id: string;
  /** Name of its request. */
  readonly name: string;
  /** Number of the task. */
  readonly task: number;
  /** Waits, runs, waits for ever (its launch failed, and the cluster holds it), or has ended. */
  readonly state: "pending" | "running" | "held" | JobEnd;
  /** The cluster's own word for its state, and why it waits: `PENDING (Priority)`. */
  readonly words: string;
}

/** The job that a process runs in. */
export interface JobHere {
  /** As {@link Queue.taskId} makes it. */
  readonly id: string;
  /** Name of its node, as the cluster calls it. */
  readonly node: string;
  /** How often it was requeued: a copy that a forgetful cluster started has the same number. */
  readonly run: number;
  /** Megabytes that it may use; null: the cluster does not say. */
  readonly memory: number | null;
}

/**
 * A cluster's queue of jobs: all that r4ec asks of a cluster. Each call rejects with a {@link
 * QueueSilent} where the cluster does not answer at the moment.
 */
export interface Queue {
  /** For people: `Slurm`. */
  readonly name: string;
  /**
   * Submits jobs and gives their id. Rejects with a UserError where the cluster refuses them, and with
   * a {@link QueueFull} where it takes none at the moment.
   */
  submit(request: JobRequest): Promise<string>;
  /** Id of one task of a submission: what {@link cancel} and people are told. */
  taskId(id: string, task: number, tasks: number): string;
  /**
   * The user's jobs whose names begin so. Jobs that ended some time ago may be missing: the cluster
   * forgets them.
   */
  look(beginning: string): Promise<readonly JobSeen[]>;
  /** Takes jobs out of the queue. `drain`: those that run are told to come to a checkpoint and end. */
  cancel(ids: readonly string[], how: "drain" | "now"): Promise<void>;
  /** The job that this process runs in; null: in none. */
  here(): JobHere | null;
}

/** The cluster does not answer at the moment, and may have heard what it was asked: ask again. */
export class QueueSilent extends Error {}

/** The cluster takes no more jobs of this user for the moment. */
export class QueueFull extends Error {}
