import type { Diagnostic } from "../base/diagnostic.js";
import { sizeText } from "../base/memory-size.js";
import type { Config } from "../config/config.js";
import type { CardWish, Experiment } from "../spec/index.js";
import type { GpuDevice } from "./gpus.js";
import { wantedGpus } from "./gpus.js";

/**
 * What a spec and the settings want of GPUs that this machine does not have: one error for each place.
 * A call or a variable that says `none` lets the stages run on the CPU, whatever the spec wants.
 *
 * @param counts whether a wish is of interest (a sweep asks about the cells that it runs)
 */
export function missingCards(
  experiment: Pick<Experiment, "cards">,
  gpus: Config["gpus"],
  here: readonly GpuDevice[],
  counts: (wish: CardWish) => boolean = () => true,
): readonly Diagnostic[] {
  const { value: wanted, origin } = gpus;
  const byCall = origin.kind !== "spec" && origin.kind !== "default";
  const allowed = wantedGpus(wanted, here);
  const has = `this machine has ${listOf(here)}`;
  const mend = here.length > 0 ? "name one of these" : "leave it out to run on the CPU";
  const missing = (gpu: number): string => `there is no GPU ${gpu}: ${has}; ${mend}`;
  const found: Diagnostic[] = [];
  if (byCall && wanted !== "auto") {
    const file = origin.name ?? "gpus";
    for (const gpu of new Set(wanted)) {
      if (here.some(({ index }) => index === gpu)) continue;
      const place = { file, line: 1, column: 1, path: null };
      found.push({ severity: "error", message: missing(gpu), ...place });
    }
    if (wanted.length === 0) return found;
  }
  for (const wish of experiment.cards) {
    const { path, file, line, column } = wish;
    const place = { file, line, column, path };
    if (path === "resources.gpus" ? byCall : !counts(wish)) continue;
    if ("count" in wish) {
      const together = allowed.filter(({ instance }) => !instance);
      if (wish.count <= together.length) continue;
      const apart =
        allowed.length > together.length ? ", of which parts (MIG) do not compute together" : "";
      const most = `the sweep may use ${listOf(allowed)}${apart}`;
      const right = together.length > 1 ? `at most ${together.length}` : "1";
      const message = `${path} asks for ${wish.count} GPUs, but ${most}; ${right} would be right here`;
      found.push({ severity: "error", message, ...place });
    } else if ("memory" in wish) {
      const most = Math.max(...allowed.map(({ memory }) => memory ?? Infinity));
      // Without a card the stage runs on the CPU.
      if (allowed.length === 0 || wish.memory <= most) continue;
      const has = `the largest that the sweep may use has ${sizeText(most)}`;
      const message = `${path} asks for ${sizeText(wish.memory)} of a GPU, but ${has}; at most ${Math.floor(most / 1024)}G would be right here`;
      found.push({ severity: "error", message, ...place });
    } else if (!here.some(({ index }) => index === wish.gpu)) {
      found.push({ severity: "error", message: missing(wish.gpu), ...place });
    } else if (!allowed.some(({ index }) => index === wish.gpu)) {
      const message = `the spec puts a cell on GPU ${wish.gpu}, but the sweep may use ${listOf(allowed)}`;
      found.push({ severity: "error", message, ...place });
    }
  }
  return found;
}

const listOf = (gpus: readonly GpuDevice[]): string => {
  const numbers = gpus.map(({ index }) => index).join(", ");
  return gpus.length === 0 ? "no GPU" : gpus.length === 1 ? `GPU ${numbers}` : `GPUs ${numbers}`;
};
