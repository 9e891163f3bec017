import { access, constants } from "node:fs/promises";
import path from "node:path";
import type { Diagnostic } from "../base/diagnostic.js";
import type { Config } from "../config/config.js";
import type { CardWish, Experiment } from "../spec/index.js";
import { notHere } from "./experiment.js";

/**
 * What the spec and the settings want of GPUs that this machine does not have.
 *
 * @param counts whether a wish of the spec's cells is of interest; left out: all are
 */
export async function cardMistakes(
  experiment: Experiment,
  { gpus }: Pick<Config, "gpus">,
  counts?: (wish: CardWish) => boolean,
): Promise<readonly Diagnostic[]> {
  return (await lookAtCards(experiment, gpus, counts)).missing;
}

/** The machine is only asked about its GPUs where somebody names or wants some. */
async function lookAtCards(
  experiment: Experiment,
  gpus: Config["gpus"],
  counts?: (wish: CardWish) => boolean,
): Promise<{ readonly missing: readonly Diagnostic[]; readonly hasNone: boolean }> {
  const listed = gpus.value !== "auto" && gpus.value.length > 0;
  if (!listed && experiment.cards.length === 0) return { missing: [], hasNone: false };
  const { gpusHere, missingCards } = await import("../execute/index.js");
  const here = await gpusHere();
  return { missing: missingCards(experiment, gpus, here, counts), hasNone: here.length === 0 };
}

/**
 * The same for commands that run nothing. A spec is also checked where it will not run: on a machine
 * without a GPU, or where jobs are sent to Slurm from. There its own wishes are no mistake, but what
 * `sweep` would say here is worth a warning.
 */
export async function cardRemarks(
  experiment: Experiment,
  { gpus }: Pick<Config, "gpus">,
): Promise<readonly Diagnostic[]> {
  const { missing, hasNone } = await lookAtCards(experiment, gpus);
  if (missing.length === 0) return [];
  const elsewhere = hasNone || (await sendsJobs());
  const ofSpec = new Set(experiment.cards.map(({ file }) => file));
  return missing.map((one) => (elsewhere && ofSpec.has(one.file) ? notHere(one) : one));
}

/** True on a machine with Slurm's commands that is not part of a job of Slurm. */
async function sendsJobs(): Promise<boolean> {
  if (process.env["SLURM_JOB_ID"] !== undefined) return false;
  const folders = (process.env["PATH"] ?? "").split(path.delimiter).filter((one) => one !== "");
  const tries = folders.map((folder) => access(path.join(folder, "sbatch"), constants.X_OK));
  return (await Promise.allSettled(tries)).some(({ status }) => status === "fulfilled");
}
