import type { StageTask } from "../../../src/contract/runner.js";
import type { Side } from "./knowledge.js";
import { SIDES } from "./knowledge.js";
import type { Rows } from "./rows.js";
import { meanCosine } from "./rows.js";

/** Above this mean cosine, vectors hardly tell users or items apart. */
const CLOSE = 0.8;

type Vectors = { readonly [side in Side]: Rows };

/** `users.mean_cosine` and `items.mean_cosine`: see {@link meanCosine}. A side without one is left out. */
export function cosineMetrics(vectors: Vectors): { readonly [metric: string]: number } {
  const metrics: { [metric: string]: number } = {};
  for (const side of SIDES) {
    const cosine = meanCosine(vectors[side]);
    if (cosine !== null) metrics[`${side}.mean_cosine`] = cosine;
  }
  return metrics;
}

/**
 * The same metrics for vectors that come from text or from the user, with a warning if the vectors
 * lie close together.
 */
export function watchedCosines(
  task: Pick<StageTask, "emit">,
  vectors: Vectors,
): { readonly [metric: string]: number } {
  const metrics = cosineMetrics(vectors);
  for (const side of SIDES) {
    const cosine = metrics[`${side}.mean_cosine`] ?? 0;
    if (cosine <= CLOSE) continue;
    const message =
      `the vectors of ${side} lie close together: their mean pairwise cosine is ${cosine.toFixed(3)} ` +
      `(above ${CLOSE}), so a model can hardly tell one from another; ` +
      "knowledge.embed.center takes off what they have in common";
    task.emit({ type: "note", severity: "warning", message });
  }
  return metrics;
}
