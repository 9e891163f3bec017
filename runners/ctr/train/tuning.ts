import type { TensorFlow as tf } from "../../tensorflow.js";
import type { CtrExecution } from "../settings.js";
import { nodeBackend } from "../graph/backend.js";
import type { Cell } from "./cell.js";

/** Samples scored at once: enough to keep the cores busy, little enough to stay in their caches. */
export function scoreBatchOf(replicas: number, samples: number): number {
  return Math.max(1, Math.min(samples, Math.max(256, Math.floor(4096 / replicas))));
}

/** Sample passes from which compiling with XLA (tens of seconds) pays on a GPU. */
const xlaPasses = 20_000_000;

/** Whether to compile with XLA: as the setting says, or on a GPU where the run is long enough. */
export function useXla(
  tensorflow: typeof tf,
  setting: CtrExecution["xla"],
  cells: readonly Cell[],
  samples: number,
): boolean {
  if (setting !== "auto") return setting;
  if (!nodeBackend(tensorflow).isUsingGpuDevice) return false;
  const epochs = cells.reduce(
    (sum, { params }) => sum + Math.min(params.epochs, 2 * params.patience),
    0,
  );
  return epochs * samples >= xlaPasses;
}
