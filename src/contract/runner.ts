import type { Fingerprint } from "../base/fingerprint.js";
import type { JsonObject } from "../base/json.js";
import type { Usage } from "./usage.js";

/** A user's file that a stage reads. Its content is part of the fingerprint; its path is not. */
export interface FileInput {
  /** Absolute path on this machine. */
  readonly path: string;
}

/**
 * A stage as the science asks for it: a node of the graph before it has a fingerprint.
 * Two requests with equal runner, params, inputs and files are one stage.
 */
export interface StageRequest<Params = JsonObject, Execution = JsonObject> {
  /** Name of the runner, as the registry knows it. */
  readonly runner: string;
  /** A few words for people: `model fast`, `data small`. Not part of the fingerprint. */
  readonly label: string;
  /** Everything that decides what the stage produces, apart from its inputs and files. */
  readonly params: Params;
  /** Stages whose artifacts it reads, by the name its runner knows them by. */
  readonly inputs: { readonly [name: string]: StageRequest };
  readonly files: { readonly [name: string]: FileInput };
  /**
   * How to run the stage, which does not change its result: endpoints, concurrency, the GPU to use.
   */
  readonly execution: Execution;
}

/** What a stage occupies while it runs. */
export interface Resources {
  /** CPU slots (of about `cores` in all). */
  readonly cpus: number;
  /**
   * GPUs that the stage takes if the machine has any. A fraction shares one GPU (0.25: four stages
   * share it).
   */
  readonly gpus: number;
  /**
   * Megabytes of one card's memory: the stage takes so large a part of a card as this is of its memory.
   * Only where `gpus` is 1. If left out: `gpus` says the part.
   */
  readonly gpuMemory?: number;
}

/**
 * Name of a part of the toolchain that a runner cannot do without: `tensorflow`, or a Python
 * environment that the science brings. `r4ec setup` and a sweep install them. Of an environment that
 * the user brings, as much is asked as the use needs: `lab.train`, see PythonPart.uses.
 */
export type ToolchainPart = string;

/** A variable of the environment that a setting names. */
export interface NamedVariable {
  readonly name: string;
  /** Dotted path of the setting. */
  readonly setting: string;
}

/**
 * The code of one kind of stage. Lives in runners/, knows nothing of sweeps or tracking. Its type
 * parameters are the forms of its stages' parameters and execution settings: whoever writes a stage
 * request for it writes them in that form.
 */
export interface Runner<Params = JsonObject, Execution = JsonObject> {
  readonly name: string;
  /** Raised when what it produces changes, and only then: it is part of every fingerprint. */
  readonly version: number;
  /** Parts of the toolchain that a stage with these parameters needs. */
  toolchain(params: Params): readonly ToolchainPart[];
  resources(params: Params, execution: Execution): Resources;
  /** Variables of the environment that the stage needs: keys of services. Undefined: none. */
  variables?(params: Params, execution: Execution): readonly NamedVariable[];
  /**
   * Ready stages with equal keys may be given to one call of {@link run}, up to `limit`.
   * Undefined: never. `cards`: how many GPUs there are.
   */
  fusion?(
    params: Params,
    execution: Execution,
    cards: number,
  ): { key: string; limit: number } | undefined;
  /**
   * What a stage does to need less of a card's memory for the same result, in a few words (`micro-batch 2,
   * 8 steps accumulated`), after it has run out of it `times` times, from 1. Null: it needs as much as
   * before. Undefined: no stage of this kind can do with less.
   */
  tighten?(params: Params, execution: Execution, times: number): string | null;
  /**
   * An estimate, before the stage runs, of what it will take: for `plan --estimate`. Undefined:
   * almost nothing.
   */
  estimate?(stage: EstimateStage<Params, Execution>): StageEstimate;
  /** Loads the code that does the work; called in the worker process only. */
  load(): Promise<RunnerProgram<Params, Execution>>;
}

/** A stage that is to be estimated. */
export interface EstimateStage<Params = JsonObject, Execution = JsonObject> {
  readonly params: Params;
  readonly execution: Execution;
  /** Estimates of its input stages, by input name. */
  readonly inputs: { readonly [name: string]: StageEstimate };
}

/** US dollars per million tokens that an endpoint reads and writes. */
export interface Prices {
  readonly read: number;
  readonly written: number;
}

/** What a stage will take, as an estimate. */
export interface StageEstimate {
  /** Tokens that an endpoint or a model of the machine reads and writes. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** What an endpoint charges for them; left out: nothing. */
  readonly prices?: Prices;
  /** Hours of one card. */
  readonly gpuHours: number;
  /**
   * Seconds on a common machine. How much faster or slower this machine is, its finished stages tell, so
   * only the proportion between stages must be about right.
   */
  readonly seconds: number;
  /**
   * Names of what decides the stage's speed beside its sizes, the narrowest first: what is measured of a
   * stage tells most about stages that share its first name. Left out: stages of the runner are alike.
   */
  readonly kinds?: readonly string[];
  /**
   * How much the artifact will hold (rows, texts, samples ...), by name: the estimates of later
   * stages use it. If the artifact exists, its metrics replace these numbers.
   */
  readonly sizes: { readonly [name: string]: number };
  /** What is not known and would be reckoned with, as a sentence that says how to tell it. */
  readonly unknown?: string;
}

/** The part of a runner that a worker process loads. */
export interface RunnerProgram<Params = JsonObject, Execution = JsonObject> {
  /**
   * Does the work of the stages. Each task ends with its own {@link StageTask.publish} or {@link
   * StageTask.fail}, as soon as its work is done; a throw fails every task that has not ended.
   * After {@link StopSignal.draining} turns true, save what is needed to go on into `work` and
   * throw {@link Drained}.
   */
  run(tasks: readonly StageTask<Params, Execution>[]): Promise<void>;
}

/** One stage in the hands of a runner. */
export interface StageTask<Params = JsonObject, Execution = JsonObject> {
  readonly fingerprint: Fingerprint;
  readonly label: string;
  readonly params: Params;
  readonly execution: Execution;
  /** Folders of the input artifacts (read-only), by input name. */
  readonly inputs: { readonly [name: string]: string };
  /** Absolute paths of the user's files, by name. */
  readonly files: { readonly [name: string]: string };
  /** Empty folder; what it holds when {@link publish} is called becomes the artifact. */
  readonly out: string;
  /**
   * A folder that a kill leaves in place. It is the same for every attempt at this fingerprint, and
   * is removed when the artifact is published. For checkpoints and answers received so far. Write
   * it so that a kill between any two system calls leaves it usable.
   */
  readonly work: string;
  readonly resources: Allocation;
  readonly toolchain: ToolchainPaths;
  readonly stop: StopSignal;
  /** Reports to the journal: progress, metrics, log lines, costs. */
  emit(event: RunnerEvent): void;
  /** Ends the task well. `metrics` are the stage's results by dotted name (`test.loss`). */
  publish(result: StageResult): Promise<void>;
  /** Ends the task as failed, while other tasks of the same call continue. */
  fail(error: StageError): Promise<void>;
}

/** What a stage was given to run on. */
export interface Allocation {
  /** CUDA device numbers; empty on a machine without GPUs. */
  readonly gpus: readonly number[];
  /** How much of each of them, above 0 to 1. If left out: all. */
  readonly gpuShare?: number;
  /** Threads a stage should use. */
  readonly threads: number;
  /**
   * How often the stage has run out of a card's memory alone in its process; see {@link
   * Runner.tighten}. If left out: 0.
   */
  readonly tightened?: number;
}

/**
 * What a stage runs in, as facts by name: `node`, `platform`, `tensorflow`, `lab.python`. The name of a part
 * of the toolchain stands for its version; what else is known of it stands behind a dot. They decide no
 * fingerprint: they are kept for people who ask why two numbers differ. A type alias, so that it is JSON.
 */
export type Surroundings = { readonly [fact: string]: string };

/** Where the parts of the toolchain are that a stage asked for. */
export interface ToolchainPaths {
  /** Absolute folders of Python environments, by the names of the parts. */
  readonly environments: { readonly [part: ToolchainPart]: string };
}

/** Parts of the toolchain that are installed and seen to work. */
export interface ReadyToolchain {
  /** Variables that the processes of stages need beside process.env (R4EC_TFJS_BINDING, ...). */
  readonly environment: { readonly [name: string]: string };
  readonly paths: ToolchainPaths;
  readonly surroundings: Surroundings;
}

/** Tells a running stage to stop. */
export interface StopSignal {
  /** Save at the next good moment and throw {@link Drained}. */
  readonly draining: boolean;
  /** Calls back once, when draining begins (at once if it has begun). */
  onDrain(listener: () => void): void;
  /** Aborted when the stage must end now. */
  readonly abort: AbortSignal;
}

/**
 * Thrown by a runner that stopped because it was asked to. The next run of the sweep continues the
 * stage.
 */
export class Drained extends Error {
  constructor() {
    super("stopped at a checkpoint");
    this.name = "Drained";
  }
}

/** Results of a stage. They are written into the artifact's manifest and the journal. */
export interface StageResult {
  /** Finite numbers by dotted name: `test.loss`, `rows`. */
  readonly metrics: { readonly [name: string]: number };
  /** Marks for every view, such as `leak: "epoch picked on test"`. */
  readonly marks?: { readonly [name: string]: string };
}

/** Results as the engine keeps them, with what the stage ran in; left out: an older r4ec made them. */
export interface KeptResult extends StageResult {
  readonly surroundings?: Surroundings;
}

/**
 * What another try needs: `memory` (the machine's memory was full), `gpu_memory` (a card's memory was
 * full), `gpu` (a card is out of order or was not to be had), `timeout` (the stage took longer than its limit), `lost` (its process died), `network`,
 * `disk` (a disk, its permissions or the network under it failed), `other`.
 */
export type FailureClass =
  "memory" | "gpu_memory" | "gpu" | "timeout" | "lost" | "network" | "disk" | "other";

/** Why a stage failed. */
export interface StageError {
  readonly message: string;
  /**
   * `spec`: settings or data are wrong; `machine`: another try may succeed; `bug`: r4ec is wrong.
   */
  readonly kind: "spec" | "machine" | "bug";
  /** What kind of failure of the machine it was; if left out: `other`. */
  readonly class?: FailureClass;
  /** Last lines of the log, or a stack. */
  readonly detail?: string;
  /** Absolute path of the whole log. */
  readonly log?: string;
}

/** What a running stage says. */
export type RunnerEvent =
  | {
      /** Its progress: shown live, not kept in the journal. */
      readonly type: "progress";
      readonly done: number;
      readonly total: number;
      /** What is counted: `epochs`, `samples`, `texts`, `steps`. */
      readonly unit: string;
      /** Seconds left, if the runner knows this better than a linear estimate. */
      readonly secondsLeft?: number;
      /** All that it has worked through so far, where that is counted more finely: `samples`. */
      readonly amount?: { readonly count: number; readonly unit: string };
    }
  | ({
      /** What the stage paid since it last said so. */
      readonly type: "usage";
    } & Usage)
  | {
      /** Values of one step of a curve; kept, and sent to MLflow. */
      readonly type: "metrics";
      readonly step: number;
      readonly values: { readonly [name: string]: number };
    }
  | {
      /** A remark for the user; kept. */
      readonly type: "note";
      readonly severity: "warning" | "info";
      readonly message: string;
    }
  | {
      /** Facts about the run for tracking (parameters counted, environment, lineage); kept. */
      readonly type: "facts";
      readonly values: { readonly [name: string]: string | number };
    };
