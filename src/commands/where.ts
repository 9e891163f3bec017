import type { StageState } from "../journal/index.js";

/** Where a stage runs, for people: `GPU 0`, `n1 GPU 0`, `job 12_3 on n1`, `worker 4`. */
export function placeOf({
  gpus,
  job,
  worker,
}: Pick<StageState, "gpus" | "job" | "worker">): string {
  if (gpus.length > 0) {
    // Each node counts its cards from 0.
    const node = job === null ? "" : `${job.node ?? `job ${job.id}`} `;
    return `${node}GPU ${gpus.join(", ")}`;
  }
  if (job === null) return `worker ${worker}`;
  return job.node === null ? `job ${job.id}` : `job ${job.id} on ${job.node}`;
}
