import type { UserError } from "../base/exit.js";
import type { SweepId } from "../base/fingerprint.js";
import type { Result } from "../base/result.js";
import type { Address } from "./address.js";
import type { Store } from "../store/index.js";
import type { ArtifactChoice } from "../config/config.js";
import type { ViewedScience } from "./shared-view.js";
import type { Summary } from "./summary.js";
import type { Patience } from "./transport.js";

/** What tracking tells people. A message is not repeated until its opposite was told. */
export type TrackingMessage =
  | { readonly type: "connected"; readonly url: string; readonly experimentUrl: string }
  | { readonly type: "outage"; readonly reason: string }
  | { readonly type: "recovered"; readonly url: string }
  | { readonly type: "problem"; readonly text: string };

/** How tracking came out. */
export interface TrackingSummary {
  /** `complete`: MLflow has all; `pending`: the rest is in the journal, `r4ec sync` sends it. */
  readonly outcome: "complete" | "pending" | "off";
  /** Address without secrets; null where none was found. */
  readonly url: string | null;
  /** The page of the sweep's run; null where there is none yet. */
  readonly runUrl: string | null;
  /** The table of the sweep's cells; null where there is none yet. */
  readonly cellsUrl: string | null;
  /** Why it is pending. */
  readonly reason: string | null;
  /** What MLflow would not take or does not have, and what was too damaged to be sent. */
  readonly problems: readonly string[];
}

/** Of a sweep whose spec or settings turn tracking off: nothing is sent. */
export const NOT_TRACKED: TrackingSummary = {
  ...{ outcome: "off", url: null, runUrl: null, cellsUrl: null, reason: null },
  problems: [],
};

export interface TrackerOptions {
  /** Absolute folder of the store. */
  readonly store: string;
  readonly sweep: SweepId;
  /** The sweep's folder, which holds its journal. */
  readonly folder: string;
  /** Name of the MLflow experiment. */
  readonly experiment: string;
  /** Name of the destination, for file names. */
  readonly destination: string;
  /** Finds the server, and starts the local one where it does not run. Null: there is none now. */
  readonly address: (signal: AbortSignal) => Promise<Result<Address | null, UserError>>;
  readonly artifacts: Store;
  /** Files of artifacts that are sent where the spec does not say. */
  readonly choice?: ArtifactChoice;
  readonly summary?: Summary;
  /** Left out: no view of the cells is made. */
  readonly science?: ViewedScience;
  readonly say?: (message: TrackingMessage) => void;
  readonly patience?: Patience;
  /** Compare all runs in MLflow with the journal, and send again whatever differs. */
  readonly thorough?: boolean;
}
