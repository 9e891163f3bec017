import path from "node:path";
import type { Config } from "../config/config.js";
import type { Science } from "../contract/science.js";
import type { UserError } from "../base/exit.js";
import type { SweepId } from "../base/fingerprint.js";
import type { EventSink } from "../journal/index.js";
import { sweepFolder } from "../journal/index.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { Store } from "../store/index.js";
import type { Say } from "../toolchain/index.js";
import { trackingEnvironment } from "../toolchain/index.js";
import { addressOf, destinationName, destinationOf } from "./destination.js";
import { sweepSummary } from "./summary.js";
import type { TrackingMessage, TrackingSummary } from "./tracking.js";
import { NOT_TRACKED } from "./tracking.js";
import { Tracker } from "./tracker.js";

export type { Destination } from "./destination.js";
export { destinationOf } from "./destination.js";
export type { TrackingMessage, TrackingSummary } from "./tracking.js";
export { NOT_TRACKED } from "./tracking.js";
export { ensureServer, localServerStatus, stopServer } from "./server.js";
export type { ServerStatus } from "./server.js";
export { isRunId, trackedRun } from "./local-runs.js";
export { closeLeftovers, syncSweep } from "./sync.js";
import type { SyncConfig } from "./sync.js";

export interface TrackingOptions {
  readonly config: SyncConfig & Pick<Config, "mlflowUri">;
  readonly science: Science;
  readonly sweep: SweepId;
  /** Name of the MLflow experiment. */
  readonly experiment: string;
  readonly say?: (message: TrackingMessage) => void;
  /** Progress of installing MLflow, if it must be installed. */
  readonly installing?: Say;
}

/** Tracking beside a sweep. */
export interface Tracking {
  /** Give it to the journal's writer. */
  readonly sink: EventSink;
  /**
   * Call it once, after the sweep has ended and its journal is closed. Never rejects. It waits as
   * long as the server keeps taking what is left, and at most `patience` milliseconds (15 s)
   * without progress.
   */
  finish(patience?: number): Promise<TrackingSummary>;
}

const OFF: Tracking = {
  sink: { hear: () => undefined },
  finish: () => Promise.resolve(NOT_TRACKED),
};

/**
 * Begins tracking a sweep in MLflow as the settings say, and returns at once: finding or starting
 * the server, installing it and every outage are the tracker's own affair. The error is an address
 * that is none.
 */
export function createTracker(options: TrackingOptions): Result<Tracking, UserError> {
  const { config, sweep, experiment, say, installing } = options;
  const destination = destinationOf(config);
  if (!destination.ok) return err(destination.error);
  const to = destination.value;
  if (to.kind === "off") return ok(OFF);
  const store = path.resolve(config.store.value);
  const artifacts = new Store(store);
  const tracker = new Tracker({
    store,
    sweep,
    folder: sweepFolder(store, sweep),
    experiment,
    destination: destinationName(to),
    address: (signal) =>
      addressOf(
        to,
        store,
        () => trackingEnvironment(config, installing ?? (() => undefined), signal),
        signal,
      ),
    artifacts,
    choice: config.mlflowArtifacts.value,
    science: options.science,
    summary: sweepSummary(options.science, artifacts, sweepFolder(store, sweep)),
    ...(say === undefined ? {} : { say }),
  });
  return ok({ sink: tracker, finish: (patience) => tracker.finish(patience) });
}
