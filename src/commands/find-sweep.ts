import { stat } from "node:fs/promises";
import { distance } from "fastest-levenshtein";
import type { Config } from "../config/config.js";
import { ExitCode, UserError } from "../base/exit.js";
import type { SweepId } from "../base/fingerprint.js";
import { sweepIdOf } from "../base/fingerprint.js";
import type { KnownSweep } from "../journal/index.js";
import { closeAbandoned, listSweeps } from "../journal/index.js";
import type { Science } from "../contract/science.js";
import { loadExperiment } from "./experiment.js";

/**
 * Closes what a kill left open, in the journals and, where that is quickly done, in MLflow. Commands
 * that look at sweeps begin with it. Gives the sweeps that were open.
 */
export async function closeKilled(config: Config, science: Science): Promise<readonly SweepId[]> {
  const closed = await closeAbandoned(config.store.value);
  // What sends runs is loaded only where they are sent anywhere.
  if (config.mlflowUri.value === "off") return closed;
  const { closeLeftovers, destinationOf } = await import("../tracking/index.js");
  const destination = destinationOf(config);
  if (destination.ok) await closeLeftovers(config, destination.value, science);
  return closed;
}

/**
 * The sweep that a word names: a spec's file, the beginning of a sweep's id or an experiment's
 * name, or the id of its run in MLflow; without a word the sweep that changed last. Throws a UserError that lists what there is.
 */
export async function findSweep(
  config: Config,
  science: Science,
  word: string | undefined,
  overrides: readonly string[] = [],
): Promise<KnownSweep> {
  const known = await listSweeps(config.store.value);
  if (known.length === 0) {
    throw new UserError(`there is no sweep in ${config.store.value} yet`);
  }
  if (word === undefined) return known[0]!;
  const info = await stat(word).catch(() => null);
  if (info?.isFile() === true) {
    const experiment = await loadExperiment(word, science, overrides);
    const sweep = sweepIdOf(
      experiment.name,
      experiment.cells.map((cell) => cell.id),
    );
    const found = known.find((one) => one.sweep === sweep);
    if (found !== undefined) return found;
    const form = overrides.length === 0 ? "in its present form" : `with ${overrides.join(" ")}`;
    throw new UserError(`${word} was never run ${form} (its sweep would be ${sweep})`);
  }
  if (overrides.length > 0) {
    throw new UserError(`${overrides.join(" ")} changes a spec, and ${word} is no spec's file`);
  }
  const meant = known.filter((one) => one.sweep.startsWith(word) || one.experiment === word);
  // Of several sweeps of one experiment the last one is taken; the beginning of an id must fit only
  // one sweep.
  if (meant.length > 0 && (meant.length === 1 || meant[0]!.experiment === word)) return meant[0]!;
  const { isRunId, trackedRun } = await import("../tracking/index.js");
  const run = isRunId(word) ? await trackedRun(config.store.value, word) : null;
  if (run?.key === "sweep") return run.sweep;
  if (run !== null) {
    throw new UserError(
      `the run ${word} in MLflow stands for one part of sweep ${run.sweep.sweep}`,
      {
        exitCode: ExitCode.usage,
        hint: "name the run of the sweep, or of a cell where a cell can be named",
      },
    );
  }
  const names = known.map((one) => `${one.experiment ?? "?"} (${one.sweep})`);
  names.sort((a, b) => distance(a, word) - distance(b, word));
  throw new UserError(
    meant.length > 1 ? `${word} could be any of ${meant.length} sweeps` : `no sweep is ${word}`,
    { exitCode: ExitCode.usage, hint: `there are: ${names.slice(0, 8).join(", ")}` },
  );
}
