import type { Fingerprint } from "../base/fingerprint.js";
import { behind } from "./line.js";

/** One step of a stage's curves. */
export interface MetricPoint {
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly values: { readonly [name: string]: number };
}

/** A `stage-metrics` entry of which only what the fold needs has been read. */
export interface UnreadPoint {
  readonly seq: number;
  readonly time: number;
  readonly stage: Fingerprint;
  /** Where `"step":…,"values":…}` stands in the bytes. */
  readonly from: number;
  readonly to: number;
}

const SEQ = Buffer.from('{"seq":');
const TIME = Buffer.from(',"time":');
const STAGE = Buffer.from(',"event":{"type":"stage-metrics","stage":"');
const STEP = Buffer.from('","step":');
const FINGERPRINT = 64;

/**
 * The point of an entry that is written as r4ec writes a `stage-metrics`; null for any other, which then is
 * read as JSON. Most entries of a journal are such points, and few commands read the curves.
 */
export function unreadPoint(
  bytes: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
): UnreadPoint | null {
  let at = behind(bytes, SEQ, from);
  if (at < 0) return null;
  const seqAt = at;
  at = behindDigits(bytes, at);
  const seq = number(bytes, seqAt, at);
  at = behind(bytes, TIME, at);
  if (at < 0) return null;
  const timeAt = at;
  at = behindDigits(bytes, at);
  const time = number(bytes, timeAt, at);
  const stageAt = behind(bytes, STAGE, at);
  if (stageAt < 0 || Number.isNaN(seq) || Number.isNaN(time)) return null;
  const stepAt = stageAt + FINGERPRINT;
  if (behind(bytes, STEP, stepAt) < 0) return null;
  const stage = bytes.toString("latin1", stageAt, stepAt) as Fingerprint;
  // Without the quote and the comma before it, and without the brace that closes the entry.
  return { seq, time, stage, from: stepAt + 2, to: to - 1 };
}

function behindDigits(bytes: Buffer, at: number): number {
  while (bytes[at]! >= 48 && bytes[at]! <= 57) at += 1;
  return at;
}

/** NaN where there are no digits, or more than a number holds. */
function number(bytes: Buffer, from: number, to: number): number {
  if (from === to || to - from > 15) return NaN;
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + bytes[at]! - 48;
  return value;
}

/** Texts of points wait in blocks of this size, so that they are no objects to the garbage collector. */
const BLOCK = 1 << 20;
let block = Buffer.alloc(0);
let filled = 0;

/** Points of a stage's curves whose texts wait until somebody asks for them. */
class UnreadCurve {
  /** By text: its block; its two ends there and its time. */
  readonly #blocks: Buffer[] = [];
  readonly #places: number[] = [];

  /** Adds a point, whose text is copied out of the bytes. */
  add(bytes: Buffer, { from, to, time }: UnreadPoint): void {
    const length = to - from;
    if (filled + length > block.length) {
      block = Buffer.allocUnsafeSlow(Math.max(BLOCK, length));
      filled = 0;
    }
    bytes.copy(block, filled, from, to);
    this.#blocks.push(block);
    this.#places.push(filled, filled + length, time);
    filled += length;
  }

  /** Reads all points and puts them into a curve. */
  readInto(points: MetricPoint[]): MetricPoint[] {
    for (const [at, bytes] of this.#blocks.entries()) {
      const [from, to, time] = this.#places.slice(3 * at, 3 * at + 3) as [number, number, number];
      const text = `{${bytes.toString("utf8", from, to)}`;
      const { step, values } = JSON.parse(text) as Omit<MetricPoint, "time">;
      addPoint(points, { step, time, values });
    }
    return points;
  }
}

/** What has curves. */
interface HasCurves {
  metrics: MetricPoint[];
}

/** Points that nobody has asked for since they were added. */
const unread = new WeakMap<HasCurves, UnreadCurve>();

/** Adds a point to curves, which is read when they are next asked for. Its text is copied out of the bytes. */
export function addUnread(to: HasCurves, bytes: Buffer, point: UnreadPoint): void {
  let curve = unread.get(to);
  if (curve === undefined) unread.set(to, (curve = beginUnread(to)));
  curve.add(bytes, point);
}

function beginUnread(to: HasCurves): UnreadCurve {
  const curve = new UnreadCurve();
  const points = to.metrics;
  const usual = { enumerable: true, configurable: true };
  const set = (value: MetricPoint[]): void => {
    unread.delete(to);
    Object.defineProperty(to, "metrics", { ...usual, value, writable: true });
  };
  Object.defineProperty(to, "metrics", {
    ...usual,
    set,
    get() {
      set(curve.readInto(points));
      return points;
    },
  });
  return curve;
}

/** Puts a point into a curve in order of step; where a step is there already, the new values replace the old. */
export function addPoint(points: MetricPoint[], point: MetricPoint): void {
  let at = points.length;
  while (at > 0 && points[at - 1]!.step > point.step) at -= 1;
  const same = points[at - 1];
  if (same !== undefined && same.step === point.step) {
    points[at - 1] = { ...point, values: { ...same.values, ...point.values } };
  } else {
    points.splice(at, 0, point);
  }
}
