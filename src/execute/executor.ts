import type { Fingerprint } from "../base/fingerprint.js";
import type {
  Allocation,
  Resources,
  RunnerEvent,
  ReadyToolchain,
  StageError,
} from "../contract/runner.js";
import type { CardOut, CardVerdict } from "./card-health.js";
import type { TaskEnd, TaskOrder } from "./messages.js";
import type { Among } from "./slots.js";
import type { WorkerExit } from "./worker-process.js";

/** Stages that are run by one call of their runner. */
export interface Group {
  readonly runner: string;
  readonly tasks: readonly TaskOrder[];
  readonly toolchain: ReadyToolchain;
}

/** What is reported about a group that runs. */
export interface GroupListener {
  /** Its process is told to run it: from now on its time counts. */
  told(): void;
  event(stage: Fingerprint, event: RunnerEvent): void;
  /** Once a stage. */
  end(stage: Fingerprint, end: TaskEnd): void;
  /** The call is over. `lost` where its process died. */
  over(lost: WorkerExit | null): void;
}

/** A group that runs. */
export interface RunningCall {
  /** Absolute path of the file that keeps what its process writes. */
  readonly log: string;
  /** The last lines that its process has written for it. */
  lastLines(): string;
  /** Ends its process at once; the listener hears that it is over. */
  kill(): void;
}

/** Room that is reserved for a group which is not formed yet. */
export interface Place {
  readonly allocation: Allocation;
  /** Gives the room back without using it. */
  release(): void;
  /**
   * Prepares a process for the group: its pid and the mark of its process tree, to be written into
   * the locks, so that a lock lasts exactly as long as somebody can write into the stage's folders.
   */
  open(toolchain: ReadyToolchain): { worker: number; pid: number; mark: string };
  /**
   * Runs the group there; the room is given back when it is over.
   *
   * @param tightened how often its stages were told to need less of a card's memory
   */
  run(group: Group, listener: GroupListener, tightened: number): RunningCall;
}

/** Where stages run: this machine, or a cluster. */
export interface Executor {
  /**
   * Room for a group now, or null. `gpu`: pinned to that card. `ready` counts the stages that wait
   * for room, its own among them. `among` says what is to be minded of cards.
   */
  find(
    wanted: Resources,
    gpu: number | null,
    ready: () => number,
    among?: Partial<Among>,
  ): Place | null;
  /**
   * Called after all that is ready was offered. Null, or a promise that resolves when it is worth
   * offering again, since others than this sweep hold what it waits for.
   */
  settle(): Promise<void> | null;
  /** Why such a group will never find room here, or null: cards that it needs have failed, or are too small. */
  hopeless(wanted: Resources, gpu: number | null): string | null;
  /** A stage has failed on cards: what that says of them. Those that are out of order are used no more. */
  failed(stage: Fingerprint, gpus: readonly number[], error: StageError): Promise<CardVerdict>;
  /** A stage has run on cards: gives those that are used no more since it failed there before. */
  worked(stage: Fingerprint, gpus: readonly number[]): readonly CardOut[];
  /**
   * Over how many places, on separate hardware, the like of a group may spread that has just found its place,
   * which is one of them.
   */
  places(wanted: Resources, gpu: number | null): number;
  /** Tells all running groups to save a checkpoint and end. */
  drain(): void;
  /** Ends all that runs now; resolves when no process is left. */
  stop(): Promise<void>;
}

/** Runs the stages of a plan: in places of one machine, or as jobs of a cluster. */
export interface StageRun {
  /** Runs until nothing is left to do, or until stopped. Rejects where the journal or store fails. */
  run(): Promise<void>;
  /** Starts nothing more and asks what runs to come to a checkpoint. */
  drain(): void;
  /** Ends all that runs. */
  stopNow(): void;
  /** Lets go of what goes on by itself: a cluster's jobs. */
  leave(): void;
  /** True where a failure stopped the sweep, as `failure: stop` asks. */
  readonly stoppedByFailure: boolean;
}
