import type { StageRecord } from "../contract/records.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { JsonObject } from "../base/json.js";
import type {
  Allocation,
  KeptResult,
  RunnerEvent,
  StageError,
  Surroundings,
  ToolchainPaths,
} from "../contract/runner.js";

/** A stage as it is sent to a worker: plain data. */
export interface TaskOrder {
  readonly record: StageRecord;
  readonly execution: JsonObject;
  /** Absolute paths of the user's files, by name. */
  readonly files: { readonly [name: string]: string };
}

/** What the controller tells a worker. */
export type ToWorker =
  | {
      readonly type: "run";
      readonly runner: string;
      readonly tasks: readonly TaskOrder[];
      readonly allocation: Allocation;
      readonly toolchain: ToolchainPaths;
      readonly surroundings: Surroundings;
    }
  | { readonly type: "drain" }
  | { readonly type: "exit" };

/** How a task ended. */
export type TaskEnd =
  | {
      readonly how: "published";
      readonly result: KeptResult;
      readonly seconds: number;
      /** The artifact's witness as a line; left out: there is none. */
      readonly witness?: string;
    }
  | { readonly how: "failed"; readonly error: StageError; readonly seconds: number }
  | { readonly how: "drained" };

/** What a worker tells the controller. */
export type FromWorker =
  | { readonly type: "event"; readonly stage: Fingerprint; readonly event: RunnerEvent }
  | { readonly type: "end"; readonly stage: Fingerprint; readonly end: TaskEnd }
  /** The call is over and every task has ended. */
  | { readonly type: "idle" };

/** How a worker process is told what it serves: the arguments of its entry. */
export interface WorkerArguments {
  /** URL of the module whose export `science` holds the runners. */
  readonly scienceModule: string;
  /** Absolute. */
  readonly store: string;
}
