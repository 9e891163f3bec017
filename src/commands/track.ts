import type { Config } from "../config/config.js";
import type { Science } from "../contract/science.js";
import type { EventSink } from "../journal/index.js";
import type { Plan } from "../plan/index.js";
import type { Experiment } from "../spec/index.js";
import type { TrackingMessage, TrackingSummary } from "../tracking/index.js";
import type { ProgressView } from "./progress.js";

/** Tracking as a sweep sees it. */
export interface SweepTracking {
  readonly sinks: readonly EventSink[];
  finish(): Promise<TrackingSummary | null>;
}

/**
 * Begins sending a sweep to MLflow. `finish` gives null if tracking is off. Throws a UserError for
 * an invalid address.
 */
export async function beginTracking(
  experiment: Experiment,
  plan: Plan,
  config: Config,
  science: Science,
  view: ProgressView,
): Promise<SweepTracking> {
  if (config.mlflowUri.value === "off") {
    return { sinks: [], finish: () => Promise.resolve(null) };
  }
  const { createTracker } = await import("../tracking/index.js");
  const { mlflow } = experiment.tracking;
  const named = mlflow === "off" ? undefined : mlflow.experiment;
  const tracker = createTracker({
    config,
    science,
    sweep: plan.sweep,
    experiment: named ?? experiment.name,
    say: (message) => view.line(messageText(message)),
    installing: ({ text, transient }) => (transient ? view.passing(text) : view.line(text)),
  });
  if (!tracker.ok) throw tracker.error;
  const { sink, finish } = tracker.value;
  return { sinks: [sink], finish };
}

function messageText(message: TrackingMessage): string {
  switch (message.type) {
    case "connected":
      return `MLflow: ${message.experimentUrl}`;
    case "outage":
      return `MLflow does not answer (${message.reason}); the sweep continues, and the journal keeps everything`;
    case "recovered":
      return `MLflow answers again: ${message.url}`;
    case "problem":
      return `MLflow: ${message.text}`;
  }
}

/** How tracking came out, in a line; null where there is nothing to say. */
export function trackingText(summary: TrackingSummary | null): string | null {
  if (summary === null || summary.outcome === "off") return null;
  if (summary.outcome === "complete") {
    const { runUrl, cellsUrl } = summary;
    if (runUrl === null) return null;
    return `MLflow: ${runUrl}` + (cellsUrl === null ? "" : `\n  cells: ${cellsUrl}`);
  }
  return `MLflow does not have everything (${summary.reason ?? "it did not answer"}); send it with: r4ec sync`;
}
