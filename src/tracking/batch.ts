import type { SweepId } from "../base/fingerprint.js";
import type { Run } from "./answers.js";
import type { ArtifactSource } from "./artifacts.js";
import { cellsLink, paidLink } from "./pages.js";
import type { RunKey, RunUpdate } from "./update.js";
import { TAG } from "./update.js";
import type { Batch, KeyValue, Metric } from "./values.js";
import { cleanKey, shorten, wireMetric } from "./values.js";

/** A batch without content. */
export const NOTHING: Batch = { tags: [], params: [], metrics: [] };

/** The key of a result whose name is a curve's too: MLflow shows a metric's last step. */
const besideCurve = (name: string): string => `result.${name}`;

/**
 * What is to be logged of an update, in MLflow's terms.
 *
 * @param run the run as MLflow has it before
 * @param runIds ids of the runs that tags link to
 * @param sources long values are added to these
 * @param cachedCurves points that the journal does not hold
 */
export function batchOf(
  update: RunUpdate,
  run: Run,
  runIds: ReadonlyMap<RunKey, string>,
  sources: ArtifactSource[],
  cachedCurves: readonly Metric[],
): Batch {
  const pairs = (kind: "param" | "tag", all: Iterable<[string, string]>): KeyValue[] => {
    const list: KeyValue[] = [];
    for (const [key, text] of all) {
      const { value, artifact } = shorten(kind, key, text);
      if (artifact !== null) sources.push(artifact);
      list.push({ key: cleanKey(key), value });
    }
    return list;
  };
  const tags = new Map<string, string>();
  for (const [key, value] of update.tags) if (value !== null) tags.set(key, value);
  const of = [run.experimentId, update.identity.get(TAG.sweep) as SweepId] as const;
  const pages = { cells: cellsLink(...of), paid: paidLink(...of) };
  for (const [key, text] of update.located) tags.set(key, text(pages));
  for (const [key, target] of update.links) {
    const id = runIds.get(target);
    if (id !== undefined) tags.set(key, id);
  }
  const metrics: Metric[] = [...goneFrom(run, update.gone), ...update.metrics];
  const curves = new Set(update.results?.curves);
  for (const point of cachedCurves) {
    metrics.push(point);
    curves.add(point.key);
  }
  for (const [name, value] of Object.entries(update.results?.values ?? {})) {
    const key = curves.has(name) ? besideCurve(name) : name;
    metrics.push({ key, value, timestamp: update.results!.timestamp, step: 0 });
  }
  return {
    tags: pairs("tag", tags),
    params: pairs("param", update.params),
    metrics: metrics.map(wireMetric),
  };
}

/** Metrics of the run that no longer hold, as NaN: MLflow cannot delete a metric. */
function goneFrom(run: Run, gone: RunUpdate["gone"]): Metric[] {
  return [...gone].flatMap(([name, timestamp]) => {
    const key = [besideCurve(name), name].find((one) => run.metrics.has(cleanKey(one)));
    return key === undefined ? [] : [{ key, value: NaN, timestamp, step: 0 }];
  });
}

/** A batch in two halves; null where there is nothing to halve. */
export function halve(batch: Batch): [Batch, Batch] | null {
  const kinds = [batch.tags, batch.params, batch.metrics] as const;
  const count = kinds.reduce((sum, kind) => sum + kind.length, 0);
  if (count <= 1) return null;
  let left = Math.ceil(count / 2);
  const first: [KeyValue[], KeyValue[], Batch["metrics"][number][]] = [[], [], []];
  const second: [KeyValue[], KeyValue[], Batch["metrics"][number][]] = [[], [], []];
  for (const [at, kind] of kinds.entries()) {
    for (const item of kind) ((left-- > 0 ? first : second)[at] as (typeof item)[]).push(item);
  }
  const whole = (parts: typeof first): Batch => ({
    tags: parts[0],
    params: parts[1],
    metrics: parts[2],
  });
  return [whole(first), whole(second)];
}
