import type { Resources } from "../contract/runner.js";

/** A share of the machine that a group of stages holds. */
export interface Share {
  readonly cpus: number;
  readonly gpus: readonly number[];
  /** How much of each of those cards, 0 to 1. */
  readonly gpuShare: number;
}

const TINY = 1e-9;

/** How many shares of a card of this size, 0 to 1, have room beside each other. */
export const sharesOf = (gpuShare: number): number => Math.floor(1 / gpuShare + TINY);

/** What of a machine is free: CPU slots and shares of cards. */
export class Slots {
  #cpus: number;
  readonly #gpus: Map<number, number>;

  constructor(
    /** CPU slots in all, at least one. */
    readonly cpus: number,
    gpus: readonly number[],
  ) {
    this.#cpus = cpus;
    this.#gpus = new Map(gpus.map((gpu) => [gpu, 1]));
  }

  /** Numbers of the cards. */
  get gpus(): readonly number[] {
    return [...this.#gpus.keys()];
  }

  /** What a stage that asks for so much is given here: no more than the machine has. */
  fit(wanted: Resources): Resources {
    return {
      cpus: Math.min(Math.max(1, Math.floor(wanted.cpus)), this.cpus),
      gpus: this.#gpus.size === 0 ? 0 : Math.min(Math.max(0, wanted.gpus), this.#gpus.size),
    };
  }

  /** Takes a share, or null where it is not free now. `pinned`: on this card only. */
  take(wanted: Resources, pinned: number | null): Share | null {
    const { cpus, gpus } = this.fit(wanted);
    if (cpus > this.#cpus) return null;
    const share: Share | null =
      gpus === 0 ? { cpus, gpus: [], gpuShare: 0 } : this.#cards(cpus, gpus, pinned);
    if (share === null) return null;
    this.#cpus -= cpus;
    for (const gpu of share.gpus) this.#gpus.set(gpu, this.#gpus.get(gpu)! - share.gpuShare);
    return share;
  }

  #cards(cpus: number, gpus: number, pinned: number | null): Share | null {
    const count = gpus < 1 ? 1 : Math.ceil(gpus - TINY);
    const gpuShare = gpus < 1 ? gpus : 1;
    const free = [...this.#gpus]
      .filter(([gpu, left]) => left >= gpuShare - TINY && (pinned === null || gpu === pinned))
      // The emptiest card first, so that shares spread before they crowd.
      .sort(([a, left], [b, right]) => right - left || a - b)
      .map(([gpu]) => gpu);
    const cards = pinned === null ? count : 1;
    return free.length < cards ? null : { cpus, gpus: free.slice(0, cards), gpuShare };
  }

  /** Gives a share back. */
  release(share: Share): void {
    this.#cpus += share.cpus;
    for (const gpu of share.gpus) {
      this.#gpus.set(gpu, Math.min(1, this.#gpus.get(gpu)! + share.gpuShare));
    }
  }

  /** Places where groups of so much can run side by side: cards, or parts of the CPU. */
  places(wanted: Resources, pinned: number | null): number {
    const { cpus, gpus } = this.fit(wanted);
    if (gpus === 0) return Math.max(1, Math.floor(this.cpus / cpus));
    return pinned !== null ? 1 : Math.max(1, Math.floor(this.#gpus.size / Math.max(1, gpus)));
  }
}
