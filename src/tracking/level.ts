import path from "node:path";
import type { MetricPoint, Run } from "./answers.js";
import { datasetKey } from "./answers.js";
import { isUnreachable, sizeOf, storedPath } from "./artifacts.js";
import type { MlflowClient } from "./client.js";
import { MlflowFailure } from "./failure.js";
import type { Batch, KeyValue, WireMetric } from "./values.js";
import { curvesIn, whole } from "./values.js";
import type { Wanted } from "./wanted.js";

/** What of the wanted a run does not have. */
export interface Difference extends Wanted {
  /**
   * Metrics of which the run has every point, but shows another one, which somebody else has logged. Looked for only
   * where `wanted` is all that the run is ever told: `thorough`.
   */
  readonly covered: readonly MetricPoint[];
}

/**
 * Reads a run back and compares it with what it is to have: status and end, params, tags, metrics,
 * data sets, and the sizes of artifacts.
 *
 * @param thorough every point of every curve is looked for; else a curve's points are read only
 * where its last one is missing, and of the curve that was sent last. A batch that MLflow stops
 * reading loses its end, so that this curve is the first to suffer.
 */
export async function differenceOf(
  client: MlflowClient,
  runId: string,
  wanted: Wanted,
  thorough: boolean,
): Promise<Difference> {
  const run = await client.run(runId);
  const metrics = await missingMetrics(client, run, wanted.batch.metrics, thorough);
  return {
    covered: metrics.covered,
    batch: {
      tags: absent(run.tags, wanted.batch.tags),
      params: absent(run.params, wanted.batch.params),
      metrics: metrics.missing,
    },
    goneTags: wanted.goneTags.filter((key) => run.tags.has(key)),
    datasets: wanted.datasets.filter((input) => !run.datasets.has(datasetKey(input))),
    files: await missingFiles(client, run, wanted.files),
    status: hasStatus(run, wanted.status) ? null : wanted.status,
  };
}

function hasStatus(run: Run, wanted: Wanted["status"]): boolean {
  if (wanted === null) return true;
  if (run.status !== wanted.status) return false;
  return wanted.endTime === null || run.endTime === whole(wanted.endTime);
}

function absent(have: ReadonlyMap<string, string>, items: readonly KeyValue[]): KeyValue[] {
  // Written twice, the last value counts.
  const last = new Map(items.map((item) => [item.key, item]));
  return [...last.values()].filter(({ key, value }) => have.get(key) !== value);
}

async function missingMetrics(
  client: MlflowClient,
  run: Run,
  metrics: readonly WireMetric[],
  thorough: boolean,
): Promise<{ readonly missing: WireMetric[]; readonly covered: MetricPoint[] }> {
  const curves = curvesIn(metrics);
  const shows = (key: string, points: readonly WireMetric[]): boolean => {
    const have = run.metrics.get(key);
    return have !== undefined && isSame(have, points.reduce(later));
  };
  const sentLast = metrics.at(-1)?.key;
  const doubtful = [...curves].filter(
    ([key, points]) => !shows(key, points) || (points.length > 1 && (thorough || key === sentLast)),
  );
  const missing: WireMetric[] = [];
  const covered: MetricPoint[] = [];
  for (const [key, points] of doubtful) {
    const have = new Map<string, MetricPoint[]>();
    // Of a metric that the run does not show at all there is no history either.
    for (const point of run.metrics.has(key) ? await client.history(run.id, key) : []) {
      const place = `${point.step} ${point.timestamp}`;
      have.set(place, [...(have.get(place) ?? []), point]);
    }
    for (const point of points) {
      const there = have.get(`${point.step} ${point.timestamp}`) ?? [];
      if (!there.some((one) => isSame(one, point))) missing.push(point);
    }
    const shown = run.metrics.get(key);
    if (thorough && shown !== undefined && !shows(key, points) && missing.at(-1)?.key !== key)
      covered.push(shown);
  }
  return { missing, covered };
}

/** The point that MLflow shows of two. */
const later = (a: WireMetric, b: WireMetric): WireMetric =>
  b.step > a.step || (b.step === a.step && b.timestamp >= a.timestamp) ? b : a;

/** True where MLflow's point is the one that was sent. Databases keep the largest number for Infinity. */
function isSame(have: MetricPoint, sent: WireMetric): boolean {
  if (have.step !== sent.step || have.timestamp !== sent.timestamp) return false;
  const value = Number(sent.value);
  if (Number.isNaN(value)) return Number.isNaN(have.value);
  if (!Number.isFinite(value))
    return Math.abs(have.value) > 1.7e308 && have.value > 0 === value > 0;
  // A database may round the last digit.
  return Math.abs(have.value - value) <= 1e-12 * Math.abs(value);
}

async function missingFiles(
  client: MlflowClient,
  run: Run,
  files: Wanted["files"],
): Promise<Wanted["files"]> {
  const server = client.address.url;
  if (files.length === 0 || isUnreachable(server, run)) return [];
  const have = new Map<string, number>();
  const place = (source: Wanted["files"][number]): string => storedPath(server, run, source);
  for (const folder of new Set(files.map((source) => path.posix.dirname(place(source))))) {
    for (const file of await inFolder(client, run.id, folder === "." ? "" : folder)) {
      if (!file.isFolder) have.set(file.path, file.size);
    }
  }
  return files.filter((source) => have.get(place(source)) !== sizeOf(source));
}

async function inFolder(
  client: MlflowClient,
  runId: string,
  folder: string,
): ReturnType<MlflowClient["artifacts"]> {
  try {
    return await client.artifacts(runId, folder);
  } catch (error) {
    if (error instanceof MlflowFailure && error.kind === "missing") return [];
    throw error;
  }
}

/** True where nothing is missing; what is covered cannot be mended by sending. */
export const isLevel = ({ batch, goneTags, datasets, files, status }: Wanted): boolean =>
  keysOf(batch).length + goneTags.length + datasets.length + files.length === 0 && status === null;

/** All keys of a batch, for messages. */
export const keysOf = (batch: Batch): string[] => [
  ...new Set([...batch.tags, ...batch.params, ...batch.metrics].map(({ key }) => key)),
];

/** What is missing, in words: at most five names. */
export function namesOf(difference: Wanted): string {
  const { batch, goneTags, datasets, files, status } = difference;
  const names = [
    ...(status === null ? [] : [`status ${status.status}`]),
    ...keysOf(batch),
    ...goneTags.map((key) => `the removal of ${key}`),
    ...datasets.map(({ name }) => `data set ${name}`),
    ...files.map((file) => file.path),
  ];
  const more = names.length - 5;
  return names.slice(0, 5).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
