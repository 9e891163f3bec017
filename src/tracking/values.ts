import { createHash } from "node:crypto";

/** What MLflow takes in one log-batch call, and the longest keys and values it keeps. */
export const LIMITS = {
  metrics: 1000,
  params: 100,
  tags: 100,
  /** Metrics, params and tags together. */
  items: 1000,
  /** Bytes of a request, with room to spare under MLflow's 1,000,000. */
  bytes: 900_000,
  key: 250,
  param: 6000,
  tag: 8000,
  datasetName: 500,
  datasetDigest: 36,
  datasetText: 60_000,
} as const;

export interface Metric {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

/** A metric as it goes over the wire. */
export interface WireMetric {
  readonly key: string;
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: number;
}

/** The points of each metric, by its name, in the order given. */
export function curvesIn(
  metrics: readonly WireMetric[],
): ReadonlyMap<string, readonly WireMetric[]> {
  const curves = new Map<string, WireMetric[]>();
  for (const point of metrics) {
    const points = curves.get(point.key);
    if (points === undefined) curves.set(point.key, [point]);
    else points.push(point);
  }
  return curves;
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/**
 * MLflow reads a batch until the first value of a wrong type and drops the rest with HTTP 200. So
 * numbers that must be whole are made whole here, and what JSON cannot hold becomes the strings that
 * MLflow reads ("NaN", "Infinity").
 */
export function wireMetric({ key, value, timestamp, step }: Metric): WireMetric {
  return {
    key: cleanKey(key),
    value: Number.isFinite(value) ? value : String(value),
    timestamp: whole(timestamp),
    step: whole(step),
  };
}

/** The value without its fraction. Throws a TypeError where it is no safe integer. */
export function whole(value: number): number {
  const number = Math.trunc(value);
  if (!Number.isSafeInteger(number)) throw new TypeError(`${value} is no whole number`);
  return number === 0 ? 0 : number;
}

/** Text that can be sent: lone surrogates and NUL, which databases refuse, are replaced. */
export const cleanText = (text: string): string => text.toWellFormed().replaceAll("\0", "\ufffd");

/**
 * A key that MLflow accepts: letters, digits and `_ - . space : /`, at most 250 characters, and
 * no spelling that would mean another path (`a//b`, `../x`). A key that had to be changed ends in
 * a hash of what it was, so that two keys never become one.
 */
export function cleanKey(key: string): string {
  const segments = cleanText(key)
    .replace(/[^\p{L}\p{N}_\-. :/]/gu, "_")
    .split("/")
    .filter((segment) => segment !== "" && segment !== ".")
    .map((segment) => (segment === ".." ? "__" : segment));
  const cleaned = segments.join("/");
  if (cleaned === key && [...cleaned].length <= LIMITS.key && cleaned !== "") return cleaned;
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 8);
  const kept = [...cleaned].slice(0, LIMITS.key - 9).join("");
  return `${kept === "" ? "_" : kept}-${hash}`;
}

/** Length as MLflow counts it: in code points. */
const lengthOf = (text: string): number =>
  text.length <= LIMITS.param ? text.length : [...text].length;

/** A value as MLflow keeps it whole, or a short stand-in that says where the whole one is. */
export interface Shortened {
  readonly value: string;
  /** The whole text and the artifact path it belongs at; null where the value fits. */
  readonly artifact: { readonly path: string; readonly text: string } | null;
}

/** MLflow cuts longer values off without a word; they go to an artifact instead. */
export function shorten(kind: "param" | "tag", key: string, value: string): Shortened {
  const text = cleanText(value);
  if (lengthOf(text) <= LIMITS[kind]) return { value: text, artifact: null };
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  // Tags may be written again with another value: each keeps its own file.
  const name = `${cleanKey(key).replaceAll(/[/ :]/g, "_").slice(0, 120)}-${hash}.txt`;
  const path = `long-values/${kind}s/${name}`;
  const start = [...text.slice(0, 400)].slice(0, 200).join("");
  const count = [...text].length;
  return {
    value: `${start}… (${count} characters in all: artifact ${path})`,
    artifact: { path, text },
  };
}

export interface Batch {
  readonly metrics: readonly WireMetric[];
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
}

/** Cuts a batch into batches within {@link LIMITS}, in the same order. */
export function batchesOf(all: Batch): Batch[] {
  const batches: Batch[] = [];
  let now = { metrics: [] as WireMetric[], params: [] as KeyValue[], tags: [] as KeyValue[] };
  let bytes = 0;
  const count = (): number => now.metrics.length + now.params.length + now.tags.length;
  const add = <K extends keyof Batch>(kind: K, item: Batch[K][number]): void => {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (
      now[kind].length >= LIMITS[kind] ||
      count() >= LIMITS.items ||
      (count() > 0 && bytes + size > LIMITS.bytes)
    ) {
      batches.push(now);
      now = { metrics: [], params: [], tags: [] };
      bytes = 0;
    }
    (now[kind] as Batch[K][number][]).push(item);
    bytes += size;
  };
  for (const tag of all.tags) add("tags", tag);
  for (const param of all.params) add("params", param);
  for (const metric of all.metrics) add("metrics", metric);
  if (count() > 0) batches.push(now);
  return batches;
}
