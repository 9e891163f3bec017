import type { Fingerprint } from "../base/fingerprint.js";
import type { PlannedStage } from "../plan/index.js";
import type { Resources } from "../contract/runner.js";

/** Stages that are ready and alike: any of them could share a call, or stand in each other's place. */
export interface Bucket {
  readonly wanted: Resources;
  readonly gpu: number | null;
  /** Stages that one call may be given. */
  readonly limit: number;
  readonly queue: PlannedStage[];
  /** Groups of other buckets that were started while this one found no room. */
  passedOver: number;
}

/** After a bucket was passed over this often, buckets that need less no longer go before it. */
const PATIENCE = 8;

/**
 * Whether a bucket that has waited for long keeps another from starting: only where that one, by
 * asking for less of the same, would for ever take what comes free. Who waits for one certain card
 * keeps nobody from the others.
 */
function blocks(patient: Bucket, other: Bucket): boolean {
  if (patient.gpu !== null) return false;
  if (patient.wanted.gpus > 0) {
    return other.wanted.gpus > 0 && other.wanted.gpus < patient.wanted.gpus;
  }
  return other.wanted.cpus < patient.wanted.cpus;
}

/**
 * Whether a stage takes a part of a card. The cells' own stages are many and small: as many share a
 * card as the spec says, whatever part of a card the runner asks for.
 */
export function sharesCard({ cells, runner, record, execution }: PlannedStage): boolean {
  const { gpus } = runner.resources(record.params, execution);
  return cells.length > 0 && gpus > 0 && gpus <= 1;
}

/** Ready stages in the order they came, alike ones together; every step is O(1) in the stages. */
export class ReadyStages {
  readonly #buckets = new Map<string, Bucket>();
  /** The largest number of stages in one call, for a stage whose group has died before. */
  readonly #smaller = new Map<Fingerprint, number>();
  /** The part of a card that a stage takes whose card was full before. */
  readonly #cardParts = new Map<Fingerprint, number>();

  constructor(
    private readonly cellsPerCard: number,
    private readonly cards: number,
  ) {}

  /** From now on a call that holds the stage is given no more stages than this. */
  limit(stage: Fingerprint, most: number): void {
    this.#smaller.set(stage, most);
  }

  /** From now on a call that holds the stage takes this part of a card, 0 to 1. */
  takePart(stage: Fingerprint, cardPart: number): void {
    this.#cardParts.set(stage, cardPart);
  }

  add(stage: PlannedStage): void {
    const { record, runner, execution } = stage;
    const asked = runner.resources(record.params, execution);
    const part = this.#cardParts.get(record.fingerprint) ?? 1 / this.cellsPerCard;
    const gpus = sharesCard(stage) ? part : asked.gpus;
    const wanted = { cpus: asked.cpus, gpus };
    const fusion = runner.fusion?.(record.params, execution, this.cards);
    const limit = Math.min(fusion?.limit ?? 1, this.#smaller.get(record.fingerprint) ?? Infinity);
    const parts = runner.toolchain(record.params);
    const key = JSON.stringify([
      record.runner,
      wanted,
      execution.gpu,
      fusion?.key ?? null,
      limit,
      parts,
    ]);
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = { wanted, gpu: execution.gpu, limit, queue: [], passedOver: 0 };
      this.#buckets.set(key, bucket);
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
   * Offers every bucket to `start`, which takes stages out of its queue and says whether it found
   * room. Goes on until nothing more starts.
   */
  offer(start: (bucket: Bucket) => "started" | "no room" | "not yet"): void {
    for (let again = true; again;) {
      again = false;
      const patient: Bucket[] = [];
      for (const [key, bucket] of this.#buckets) {
        if (patient.some((one) => blocks(one, bucket))) continue;
        const outcome = bucket.queue.length === 0 ? "not yet" : start(bucket);
        if (bucket.queue.length === 0) this.#buckets.delete(key);
        if (outcome === "no room" && bucket.passedOver >= PATIENCE) patient.push(bucket);
        if (outcome === "started") {
          again = true;
          bucket.passedOver = 0;
          this.#passOver(key);
        }
      }
    }
  }

  /** Buckets that stand before the one that started did not find room. */
  #passOver(started: string): void {
    for (const [key, bucket] of this.#buckets) {
      if (key === started) return;
      bucket.passedOver += 1;
    }
  }
}
