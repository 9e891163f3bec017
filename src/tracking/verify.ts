import type { MlflowClient } from "./client.js";
import type { Run } from "./answers.js";
import type { Batch, KeyValue, WireMetric } from "./values.js";

/** What was sent to MLflow and is not on the run. */
export function missingFrom(run: Run, sent: Batch): Batch {
  const absent = (have: ReadonlyMap<string, string>, items: readonly KeyValue[]): KeyValue[] => {
    // Written twice, the last value counts.
    const last = new Map(items.map((item) => [item.key, item]));
    return [...last.values()].filter(({ key, value }) => have.get(key) !== value);
  };
  const last = new Map<string, WireMetric>();
  for (const metric of sent.metrics) {
    const before = last.get(metric.key);
    if (before === undefined || before.step <= metric.step) last.set(metric.key, metric);
  }
  // The run shows the last step of each metric only: a point of an earlier step is not looked for.
  const metrics = [...last.values()].filter(({ key, step }) => {
    const have = run.metrics.get(key);
    return have === undefined || have.step < step;
  });
  return {
    tags: absent(run.tags, sent.tags),
    params: absent(run.params, sent.params),
    metrics,
  };
}

export const isEmpty = (batch: Batch): boolean =>
  batch.tags.length + batch.params.length + batch.metrics.length === 0;

/** All keys of a batch, for messages. */
export const keysOf = (batch: Batch): string[] =>
  [...batch.tags, ...batch.params, ...batch.metrics].map(({ key }) => key);

/**
 * Points of the curve sent last that MLflow does not have. A batch that MLflow stops reading loses
 * its end, so that this curve is the first to suffer.
 */
export async function missingPoints(
  client: MlflowClient,
  runId: string,
  metrics: readonly WireMetric[],
): Promise<WireMetric[]> {
  const key = metrics.at(-1)?.key;
  if (key === undefined) return [];
  const have = new Set(
    (await client.history(runId, key)).map(({ step, timestamp }) => `${step} ${timestamp}`),
  );
  return metrics.filter((one) => one.key === key && !have.has(`${one.step} ${one.timestamp}`));
}
