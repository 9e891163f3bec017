import type { CellId, Fingerprint, SweepId } from "../base/fingerprint.js";
import type { JsonObject } from "../base/json.js";
import type { CellRecord, Composition, StageRecord } from "../contract/records.js";
import type { KeptResult, StageError } from "../contract/runner.js";
import type { SweepLive } from "./live.js";

/** What a stage was reckoned to take when it began, before anything measured: see StageEstimate. */
export interface StagePrior {
  readonly seconds: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly kinds: readonly string[];
}

/** A job of a cluster in which a stage runs. */
export interface StageJob {
  /** As the cluster's queue calls it: `12_3`. */
  readonly id: string;
  /** Name of its machine, whose GPUs are counted from 0; null: it is not known. */
  readonly node: string | null;
}

/**
 * All that can happen in a sweep. Every event is appended to the journal before anything else hears
 * of it. A closed union: a view that forgets a kind does not compile.
 */
export type Event =
  | {
      readonly type: "sweep-started";
      readonly sweep: SweepId;
      readonly experiment: string;
      /** The spec's file as the user gave it, its text, and what it resolved to. */
      readonly specFile: string;
      readonly specText: string;
      /** What the spec was put together from beside its file; left out: from nothing. */
      readonly composition?: Composition;
      readonly resolved: JsonObject;
      readonly cells: readonly CellRecord[];
      readonly stages: readonly StageRecord[];
      readonly codeVersion: string;
      readonly gitCommit: string | null;
      readonly process: number;
      readonly host: string;
      /** The cells that this run is to make; left out: all. */
      readonly only?: readonly CellId[];
    }
  | { readonly type: "stage-cached"; readonly stage: Fingerprint; readonly result: KeptResult }
  | {
      readonly type: "stage-started";
      readonly stage: Fingerprint;
      /** From 1. */
      readonly attempt: number;
      /** The job that it runs in; left out where it runs on the machine of the sweep's process. */
      readonly job?: StageJob;
      /** Number of the process that runs it, on that machine or in that job. */
      readonly worker: number;
      readonly gpus: readonly number[];
      /** Stages run by the same call, this one included; one where nothing is fused. */
      readonly fusedWith: number;
      /** Left out where its runner reckons nothing. */
      readonly prior?: StagePrior;
    }
  | {
      readonly type: "stage-metrics";
      readonly stage: Fingerprint;
      readonly step: number;
      readonly values: { readonly [name: string]: number };
    }
  | {
      readonly type: "stage-facts";
      readonly stage: Fingerprint;
      readonly values: { readonly [name: string]: string | number };
    }
  | {
      readonly type: "stage-note";
      readonly stage: Fingerprint;
      readonly severity: "warning" | "info";
      readonly message: string;
    }
  | {
      /** Failed, and is tried again. */
      readonly type: "stage-retried";
      readonly stage: Fingerprint;
      readonly seconds: number;
      readonly error: StageError;
      /** Seconds until the next try. */
      readonly wait: number;
      /** What the next try does differently, for people; null: nothing. */
      readonly changed: string | null;
      /** Where memory was full: how often the stage was told to need less of a card, if it was. */
      readonly tightened?: number;
      /** Where memory was full in a group: most stages in one call from now on. */
      readonly groupLimit?: number;
      /** Where a card was full: the part of a card that the stage takes from now on, 0 to 1. */
      readonly cardPart?: number;
      /** Where the memory of a cluster's job was full: megabytes of the stage's jobs from now on. */
      readonly jobMemory?: number;
    }
  | {
      readonly type: "stage-finished";
      readonly stage: Fingerprint;
      readonly seconds: number;
      readonly result: KeptResult;
    }
  | {
      readonly type: "stage-failed";
      readonly stage: Fingerprint;
      readonly seconds: number;
      readonly error: StageError;
    }
  | {
      /** Stopped by a drain, a stop or a kill; goes on in the next run of the sweep. */
      readonly type: "stage-interrupted";
      readonly stage: Fingerprint;
      /** It goes on in this run already: a cluster ended its job. */
      readonly inRun?: boolean;
    }
  | {
      /** Never ran, since a stage it needs failed. */
      readonly type: "stage-skipped";
      readonly stage: Fingerprint;
      readonly because: Fingerprint;
    }
  | ({
      /** Now and then while stages run: where they are. */
      readonly type: "sweep-progress";
    } & SweepLive)
  | {
      readonly type: "sweep-finished";
      readonly outcome: "done" | "failed" | "interrupted";
      readonly seconds: number;
    };

/** The event that begins a run of a sweep. */
export type SweepStarted = Extract<Event, { readonly type: "sweep-started" }>;

/** The event that ends a run of a sweep. */
export type SweepFinished = Extract<Event, { readonly type: "sweep-finished" }>;

/** The event that says where the running stages are. */
export type SweepProgressed = Extract<Event, { readonly type: "sweep-progress" }>;

/** What can happen to one stage. */
export type StageEvent = Exclude<Event, SweepStarted | SweepProgressed | SweepFinished>;

/**
 * Ends a switch over events: a kind of event that the switch forgets does not compile. At run time
 * it is reached only by a journal of a newer r4ec, whose unknown events change nothing.
 */
export const forgotten = (_: never): void => undefined;

/** An event as it stands in the journal. */
export interface JournalEntry {
  /** From 1, without gaps. */
  readonly seq: number;
  /** Milliseconds since 1970, integer. */
  readonly time: number;
  readonly event: Event;
}
