import type { Fingerprint } from "../base/fingerprint.js";
import type { Resources } from "../contract/runner.js";
import { longestFirst } from "../forecast/index.js";
import type { PlannedStage } from "../plan/index.js";
import { sharesCard } from "../plan/index.js";
import type { Want } from "./slots.js";

/** Stages that are ready and alike: any of them could share a call, or stand in each other's place. */
export interface Bucket extends Want {
  readonly key: string;
  /** Whether its runner takes several stages in a call, so that a process keeps something of one for its like. */
  readonly fuses: boolean;
  /** Stages that one call may be given. */
  readonly limit: number;
  readonly queue: PlannedStage[];
  /** Whether its calls share cards with others; see {@link sharesCard}. */
  readonly shares: boolean;
  /** Of its stages, those that had a known length when they came: how many, and their seconds in all. */
  readonly known: { count: number; seconds: number };
  /** Cards that stages of it have failed on. */
  readonly avoid: ReadonlySet<number>;
  /** Groups of other buckets that were started while this one found no room. */
  passedOver: number;
  /** Whether it found no room when it was last offered. */
  lacking: boolean;
}

/** After a bucket was passed over this often, buckets that need less no longer go before it. */
const PATIENCE = 8;

/**
 * Whether a bucket that has waited for long keeps another from starting: only where that one, by
 * asking for less of the same, would for ever take what comes free. What such a bucket gathers of cards,
 * and the cores that it lacks then, are left alone by {@link Slots}.
 */
const blocks = (patient: Bucket, other: Bucket): boolean =>
  isPatient(patient) && patient.wanted.gpus === 0 && other.wanted.cpus < patient.wanted.cpus;

/** Whether what a bucket gathers of cards is to be left alone by another. */
const gathersBefore = (patient: Bucket, other: Bucket): boolean =>
  isPatient(patient) && takesMore(patient.wanted, other.wanted);

/** Whether one takes more of the cards than another. An amount of memory counts as less than a card, and as more than any share of one. */
const takesMore = (one: Resources, other: Resources): boolean =>
  one.gpus > other.gpus ||
  (one.gpus === other.gpus && (one.gpuMemory ?? Infinity) > (other.gpuMemory ?? Infinity));

/** Seconds that a bucket's next call will probably take; null: not known. */
function nextCall({ known: { count, seconds }, limit, queue }: Bucket): number | null {
  return count === 0 ? null : (seconds / count) * Math.min(limit, queue.length);
}

/** The same for seconds that differ by less than a fifth or so. */
const roughly = (seconds: number): number => Math.round(4 * Math.log2(Math.max(seconds, 1e-3)));

const NOWHERE: ReadonlySet<number> = new Set();

/**
 * Ready stages in the order they came, alike ones together; every step is O(1) in the stages. Where there are
 * cards, those that take some take turns: so that neither many small ones nor some that take hours keep others
 * waiting. When it is the turn of those that share cards, the one whose call is expected to take longest goes first
 * (see {@link longestFirst}). Where there are none, alike stages follow each other in one process,
 * which is then warm.
 */
export class ReadyStages {
  readonly #buckets = new Map<string, Bucket>();
  /** The largest number of stages in one call, for a stage whose group has died before. */
  readonly #smaller = new Map<Fingerprint, number>();
  /** The part of a card that a stage takes whose card was full before. */
  readonly #cardParts = new Map<Fingerprint, number>();
  /** Cards that a stage has failed on. */
  readonly #avoided = new Map<Fingerprint, ReadonlySet<number>>();
  /** How many calls run now, by the key of their bucket. */
  readonly #running = new Map<string, number>();
  /** The key of the call that was over last, until the next one begins: the process that ran it is free. */
  #warm: string | null = null;

  constructor(
    private readonly cellsPerCard: number,
    private readonly cards: number,
    /**
     * Seconds that a stage is expected to take by itself, by the same measure at any time; null: not known.
     * Asked once when the stage is added, of those that share cards.
     */
    private readonly expected: (stage: Fingerprint) => number | null = () => null,
  ) {}

  /** From now on a call that holds the stage is given no more stages than this. */
  limit(stage: Fingerprint, most: number): void {
    this.#smaller.set(stage, most);
  }

  /** From now on a call that holds the stage takes this part of a card, 0 to 1. */
  takePart(stage: Fingerprint, cardPart: number): void {
    this.#cardParts.set(stage, cardPart);
  }

  /** From now on a call that holds the stage is given none of these cards, where there are others. */
  avoid(stage: Fingerprint, gpus: ReadonlySet<number>): void {
    this.#avoided.set(stage, gpus);
  }

  add(stage: PlannedStage): void {
    const { record, runner, execution } = stage;
    const asked = runner.resources(record.params, execution);
    const part = this.#cardParts.get(record.fingerprint) ?? 1 / this.cellsPerCard;
    const wanted = sharesCard(stage) ? { cpus: asked.cpus, gpus: part } : asked;
    const fusion = runner.fusion?.(record.params, execution, this.cards);
    const limit = Math.min(fusion?.limit ?? 1, this.#smaller.get(record.fingerprint) ?? Infinity);
    const parts = runner.toolchain(record.params);
    const avoid = this.#avoided.get(record.fingerprint) ?? NOWHERE;
    const shares = this.cards > 0 && sharesCard(stage);
    const seconds = shares ? this.expected(record.fingerprint) : null;
    // Those that never share a call are alike where they take about as long.
    const length = fusion !== undefined || seconds === null ? null : roughly(seconds);
    const key = JSON.stringify([
      record.runner,
      wanted,
      execution.gpu,
      fusion?.key ?? null,
      limit,
      parts,
      [...avoid].sort(),
      length,
    ]);
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      const known = { count: 0, seconds: 0 };
      const state = { queue: [], known, passedOver: 0, lacking: false };
      const fuses = fusion !== undefined;
      bucket = { key, fuses, shares, wanted, gpu: execution.gpu, limit, avoid, ...state };
      this.#buckets.set(key, bucket);
    }
    if (seconds !== null) {
      bucket.known.count += 1;
      bucket.known.seconds += seconds;
    }
    bucket.queue.push(stage);
  }

  get empty(): boolean {
    return this.#buckets.size === 0;
  }

  /** Stages that wait. */
  get size(): number {
    let size = 0;
    for (const { queue } of this.#buckets.values()) size += queue.length;
    return size;
  }

  clear(): void {
    this.#buckets.clear();
  }

  /**
   * How many stages of a bucket one call is given. Alike ones spread over the places that there are; but
   * over cards only where nothing else waits for these: half of a group takes a card almost as long as
   * the whole one.
   */
  callSize({ wanted, limit, queue }: Bucket, places: number): number {
    const others = [...this.#buckets.values()].filter(
      (one) => one.wanted.gpus > 0 && one.queue.length > 0,
    );
    const kinds = wanted.gpus > 0 ? Math.max(1, others.length) : 1;
    return Math.min(limit, Math.ceil(queue.length / Math.max(1, Math.ceil(places / kinds))));
  }

  /**
   * Offers every bucket to `start`, which takes stages out of its queue and says whether it found
   * room. Goes on until nothing more starts. `behind`: buckets that have waited long for more cards.
   */
  offer(
    start: (bucket: Bucket, behind: readonly Bucket[]) => "started" | "no room" | "not yet",
  ): void {
    for (let again = true; again;) {
      again = false;
      if (this.cards > 0) this.#longestFirst();
      // Of those that want the same, one stands for all.
      const waiting = new Map<string, Bucket>();
      const note = (bucket: Bucket): void => {
        if (isPatient(bucket)) waiting.set(JSON.stringify([bucket.wanted, bucket.gpu]), bucket);
      };
      for (const bucket of this.#buckets.values()) note(bucket);
      for (const bucket of this.#inOrder()) {
        const patient = [...waiting.values()];
        if (patient.some((one) => blocks(one, bucket))) continue;
        const behind = patient.filter((one) => gathersBefore(one, bucket));
        const outcome = bucket.queue.length === 0 ? "not yet" : start(bucket, behind);
        bucket.lacking = outcome === "no room";
        if (bucket.queue.length === 0) this.#buckets.delete(bucket.key);
        note(bucket);
        if (outcome === "started") {
          again = true;
          bucket.passedOver = 0;
          this.#passOver(bucket);
          this.#running.set(bucket.key, (this.#running.get(bucket.key) ?? 0) + 1);
          this.#warm = null;
          if (this.cards > 0 && bucket.wanted.gpus > 0) this.#lastInTurn(bucket);
          // Its turn is over; which of those that share cards has the next one is to be seen again.
          if (bucket.shares) break;
        }
      }
    }
  }

  /** Buckets that lack room are passed over by one that started. */
  #passOver(started: Bucket): void {
    for (const bucket of this.#buckets.values()) {
      if (bucket !== started && bucket.lacking) bucket.passedOver += 1;
    }
  }

  /** Puts those that share cards into each other's turns, the longest first; the others keep theirs. */
  #longestFirst(): void {
    const order = longestFirst([...this.#buckets.values()], (bucket) =>
      bucket.shares ? nextCall(bucket) : undefined,
    );
    this.#buckets.clear();
    for (const bucket of order) this.#buckets.set(bucket.key, bucket);
  }

  #lastInTurn(bucket: Bucket): void {
    if (this.#buckets.delete(bucket.key)) this.#buckets.set(bucket.key, bucket);
  }

  /** A call that a bucket started is over, and its process is free. */
  over({ key }: Pick<Bucket, "key">): void {
    const left = (this.#running.get(key) ?? 0) - 1;
    if (left > 0) this.#running.set(key, left);
    else this.#running.delete(key);
    this.#warm = key;
  }

  /**
   * In the order they came; but without cards, of those that fuse, first the one whose like has just run in the
   * process that is free, and last those whose like other processes are running.
   */
  #inOrder(): Iterable<Bucket> {
    const all = this.#buckets.values();
    if (this.cards > 0) return all;
    const rank = ({ key, fuses }: Bucket): number =>
      !fuses ? 0 : key === this.#warm ? 1 : this.#running.has(key) ? 3 : 2;
    return [...all].sort((a, b) => rank(a) - rank(b));
  }
}

const isPatient = ({ lacking, passedOver, queue }: Bucket): boolean =>
  lacking && passedOver >= PATIENCE && queue.length > 0;
