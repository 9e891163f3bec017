import type { Resources } from "../contract/runner.js";

/** A share of the machine that a group of stages holds. */
export interface Share {
  readonly cpus: number;
  readonly gpus: readonly number[];
  /** How much of each of those cards, 0 to 1. */
  readonly gpuShare: number;
}

/** What a group waits for. */
export interface Want {
  readonly wanted: Resources;
  /** Its card's number; null: any card does. */
  readonly gpu: number | null;
}

/** What is to be minded while a group looks for room. */
export interface Among {
  /** Others that have waited long for more of the cards: what they gather is left alone. */
  readonly behind: readonly Want[];
  /** Numbers of cards that it is not to run on, where others are left. */
  readonly avoid: ReadonlySet<number>;
  /** Numbers of cards that are other processes' turn now. */
  readonly closed: ReadonlySet<number>;
}

const ALONE: Among = { behind: [], avoid: new Set(), closed: new Set() };
const TINY = 1e-9;

/** How many shares of a card of this size, 0 to 1, have room beside each other. */
export const sharesOf = (gpuShare: number): number => Math.floor(1 / gpuShare + TINY);

/** How many cards a group takes at once, and how much of each. */
export const cardsOf = (gpus: number): { readonly count: number; readonly gpuShare: number } =>
  gpus < 1
    ? { count: gpus > 0 ? 1 : 0, gpuShare: gpus }
    : { count: Math.ceil(gpus - TINY), gpuShare: 1 };

/** What of a machine is free: CPU slots and shares of cards. */
export class Slots {
  #cpus: number;
  readonly #gpus: Map<number, number>;
  readonly #out = new Set<number>();

  constructor(
    /** CPU slots in all, at least one. */
    readonly cpus: number,
    gpus: readonly number[],
    private readonly options: {
      /** Those that a group takes only one of at a time: parts of a card. */
      readonly instances?: ReadonlySet<number>;
      /** How much of a card, 0 to 1, others than these groups hold. */
      readonly taken?: (gpu: number) => number;
      /** Megabytes of memory that a card has in all; null: not known. */
      readonly memory?: (gpu: number) => number | null;
    } = {},
  ) {
    this.#cpus = cpus;
    this.#gpus = new Map(gpus.map((gpu) => [gpu, 1]));
  }

  /** Numbers of the cards. */
  get gpus(): readonly number[] {
    return [...this.#gpus.keys()];
  }

  /** Takes a card out: it is given to nobody any more. */
  takeOut(gpu: number): void {
    this.#out.add(gpu);
  }

  /** Numbers of the cards that are not out. */
  get open(): readonly number[] {
    return this.gpus.filter((gpu) => !this.#out.has(gpu));
  }

  /** What a group may run on, whether it has room now or not, how many of these it takes, and the most of each. */
  ask(want: Want): {
    readonly cards: readonly number[];
    readonly count: number;
    readonly gpuShare: number;
  } {
    const asked = this.#askByNumber(want);
    const { gpuMemory } = want.wanted;
    if (gpuMemory === undefined || asked.count === 0) return asked;
    const cards = asked.cards.filter((card) => (this.#memory(card) ?? gpuMemory) >= gpuMemory);
    const shares = cards.map((card) => this.#shareOn(card, want.wanted, asked.gpuShare));
    return { cards, count: 1, gpuShare: Math.max(0, ...shares) };
  }

  /** Megabytes of a card's memory; null: not known. */
  #memory(gpu: number): number | null {
    return this.options.memory?.(gpu) ?? null;
  }

  /** How much of this card a group takes: all, where it asks for memory and nobody knows how much the card has. */
  #shareOn(gpu: number, { gpuMemory }: Resources, gpuShare: number): number {
    return gpuMemory === undefined ? gpuShare : gpuMemory / (this.#memory(gpu) ?? gpuMemory);
  }

  #askByNumber({ wanted, gpu }: Want): ReturnType<Slots["ask"]> {
    const { gpus } = this.fit(wanted);
    const asked = cardsOf(gpus);
    // A card that is out binds nobody to itself.
    if (gpu !== null && this.open.includes(gpu)) return { ...asked, cards: [gpu], count: 1 };
    const { instances } = this.options;
    const apart = asked.count > 1 && instances !== undefined;
    return { ...asked, cards: apart ? this.open.filter((one) => !instances.has(one)) : this.open };
  }

  /** True where a group needs more cards, or larger ones, than are left. */
  isHopeless(want: Want): boolean {
    const { cards, count } = this.ask(want);
    return cards.length < count;
  }

  /** True where there are so many cores free as a group needs. */
  hasCores(wanted: Resources): boolean {
    return this.fit(wanted).cpus <= this.#cpus;
  }

  /** What a stage that asks for so much is given here: no more than the machine has. */
  fit(wanted: Resources): Resources {
    return {
      cpus: Math.min(Math.max(1, Math.floor(wanted.cpus)), this.cpus),
      gpus: this.#gpus.size === 0 ? 0 : Math.min(Math.max(0, wanted.gpus), this.#gpus.size),
    };
  }

  /** How much of a card these groups hold, 0 to 1. */
  held(gpu: number): number {
    return 1 - this.#gpus.get(gpu)!;
  }

  /** How much of a card nobody holds. */
  #free(gpu: number): number {
    return this.#gpus.get(gpu)! - (this.options.taken?.(gpu) ?? 0);
  }

  /** Takes a share, or null where it is not free now. `pinned`: on this card only. */
  take(wanted: Resources, pinned: number | null, among: Partial<Among> = {}): Share | null {
    const { cpus, gpus } = this.fit(wanted);
    if (cpus > this.#cpus) return null;
    const { behind, avoid, closed } = { ...ALONE, ...among };
    const kept = new Set(closed);
    for (const want of behind) {
      const gathered = this.gather(want);
      for (const { gpu } of gathered) kept.add(gpu);
      // Only cores are lacking there, and these would be of them.
      const lacks = this.fit(want.wanted).cpus > this.#cpus - cpus;
      if (lacks && gathered.every(({ ready }) => ready)) return null;
    }
    const share: Share | null =
      gpus === 0
        ? { cpus, gpus: [], gpuShare: 0 }
        : this.#cards(cpus, { wanted, gpu: pinned }, kept, avoid);
    if (share === null) return null;
    this.#cpus -= cpus;
    for (const gpu of share.gpus) this.#gpus.set(gpu, this.#gpus.get(gpu)! - share.gpuShare);
    return share;
  }

  /**
   * The cards that a group waits for, the emptiest that it may have, and which of them have room for it
   * now. None where it takes no card, or needs more cards than are left.
   */
  gather(want: Want): { readonly gpu: number; readonly ready: boolean }[] {
    const { cards, count, gpuShare } = this.ask(want);
    if (cards.length < count) return [];
    const places = this.#emptiest(cards).map((gpu) => ({
      gpu,
      ready: this.#hasRoom(gpu, want.wanted, gpuShare),
    }));
    // Of unlike cards the emptiest may have no room for so much memory where another one has.
    return places.sort((a, b) => Number(b.ready) - Number(a.ready)).slice(0, count);
  }

  /** Shares spread before they crowd. */
  #emptiest(gpus: readonly number[]): number[] {
    return [...gpus].sort((a, b) => this.#free(b) - this.#free(a) || a - b);
  }

  #cards(
    cpus: number,
    want: Want,
    kept: ReadonlySet<number>,
    avoid: ReadonlySet<number>,
  ): Share | null {
    const { cards, count, gpuShare } = this.ask(want);
    const others = cards.filter((gpu) => !avoid.has(gpu));
    const free = this.#emptiest(others.length >= count ? others : cards).filter(
      (gpu) => !kept.has(gpu) && this.#hasRoom(gpu, want.wanted, gpuShare),
    );
    if (free.length < count) return null;
    const gpus = free.slice(0, count);
    return { cpus, gpus, gpuShare: this.#shareOn(gpus[0]!, want.wanted, gpuShare) };
  }

  #hasRoom(gpu: number, wanted: Resources, gpuShare: number): boolean {
    return this.#free(gpu) >= this.#shareOn(gpu, wanted, gpuShare) - TINY;
  }

  /** Gives a share back. */
  release(share: Share): void {
    this.#cpus += share.cpus;
    for (const gpu of share.gpus) {
      this.#gpus.set(gpu, Math.min(1, this.#gpus.get(gpu)! + share.gpuShare));
    }
  }

  /**
   * Over how many places the like of a group may spread that has just taken its share: parts of the CPU; or its own
   * cards, and those that nobody uses. Where others compute on a card, a part of a group there takes as long as
   * the whole one here.
   */
  places(wanted: Resources, pinned: number | null): number {
    const { cpus, gpus } = this.fit(wanted);
    if (gpus === 0) return Math.max(1, Math.floor(this.cpus / cpus));
    const { cards } = this.ask({ wanted, gpu: pinned });
    const unused = cards.filter((gpu) => this.#free(gpu) >= 1 - TINY).length;
    return 1 + Math.floor(unused / Math.max(1, gpus));
  }
}
