import type { Fingerprint } from "../base/fingerprint.js";
import type { Usage } from "../contract/usage.js";

/** Where a running stage is. */
export interface StageLive {
  readonly done: number;
  readonly total: number;
  /** What is counted: `steps`. */
  readonly unit: string;
  /** Seconds that it still needs; null: not known. */
  readonly secondsLeft: number | null;
  /** What it works through a second, lately; null: not known. */
  readonly rate: { readonly value: number; readonly unit: string } | null;
  /** What it paid so far; left out: nothing. */
  readonly usage?: Usage;
}

/** How long a sweep will still take. */
export interface TimeLeft {
  readonly seconds: number;
  /** False while most of it is reckoned without a stage of its kind having been measured. */
  readonly measured: boolean;
}

/** What is known of a sweep while it runs, beside its events. */
export interface SweepLive {
  /** Null: not known. */
  readonly left: TimeLeft | null;
  /** The running stages that have said where they are. */
  readonly stages: { readonly [stage: Fingerprint]: StageLive };
}
