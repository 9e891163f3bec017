import os from "node:os";
import type { Config } from "../config/config.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { Forecast, learnFrom } from "../forecast/index.js";
import type { Plan, StagePresence } from "../plan/index.js";
import { reckonPlan } from "../plan/index.js";
import type { Experiment } from "../spec/index.js";
import type { GpuDevice } from "./gpus.js";
import { gpusHere, wantedGpus } from "./gpus.js";

/** What of this machine a sweep uses. */
export interface Machine {
  /** CPU slots. */
  readonly cpus: number;
  readonly gpus: readonly GpuDevice[];
}

/** What of this machine a sweep uses for the stages that it would run. */
export async function machineFor(
  { resources: { cpus } }: Experiment,
  config: Config,
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
): Promise<Machine> {
  const wantsGpus = [...presence].some(([fingerprint, { wouldRun }]) => {
    if (!wouldRun) return false;
    const { record, runner, execution } = plan.stages.get(fingerprint)!;
    return runner.resources(record.params, execution).gpus > 0;
  });
  return {
    cpus: cpus === "auto" ? os.availableParallelism() : cpus,
    gpus: wantsGpus ? wantedGpus(config.gpus.value, await gpusHere()) : [],
  };
}

/** What a plan's stages will take on a machine, by what its store's journals measured there. */
export async function openForecast(
  { resources: { cellsPerCard } }: Experiment,
  config: Config,
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
  machine: Promise<Machine>,
): Promise<Forecast> {
  // The journals are read while the machine's cards are listed.
  const [learned, { cpus, gpus }] = await Promise.all([learnFrom(config.store.value), machine]);
  const capacity = { cpus, cards: gpus.length };
  const sizes = gpus.flatMap(({ memory }) => memory ?? []);
  const cardMemory =
    sizes.length > 0 && sizes.length === gpus.length ? Math.min(...sizes) : undefined;
  return new Forecast({
    ...{ plan, learned, capacity, cardMemory, cellsPerCard },
    reckoned: reckonPlan(plan, presence),
  });
}
