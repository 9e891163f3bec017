import { watch } from "node:fs";
import type { Resources } from "../contract/runner.js";
import type { CardClaim, CardClaims, RoomWish } from "./card-claims.js";
import { REST_MILLISECONDS } from "./card-health.js";
import type { CardUse } from "./card-use.js";
import type { GpuDevice } from "./gpus.js";
import type { Among, Share, Want } from "./slots.js";
import { Slots } from "./slots.js";
import { Turns } from "./turns.js";

export interface RoomOptions {
  /** CPU slots. */
  readonly cpus: number;
  readonly gpus: readonly GpuDevice[];
  /** Null: nobody else of r4ec is minded. */
  readonly claims: CardClaims | null;
  /** Null: what other programs use of cards is not minded. */
  readonly use: CardUse | null;
  /** One line for the user. */
  readonly say: (line: string) => void;
}

/** A wait for others to give room. */
interface Wait {
  readonly promise: Promise<void>;
  readonly end: () => void;
}

/** While this sweep waits for cards of others, it looks again after this time. */
const LOOK_MILLISECONDS = 1000;
const TINY = 1e-6;

/** The room for groups of stages on this machine, beside other sweeps and other programs. */
export class Room {
  readonly slots: Slots;
  readonly #ids: ReadonlyMap<number, string>;
  readonly #turns: Turns;
  #claims: CardClaims | null;
  /** Groups that found no room on the cards since the last {@link settle}, by what they want. */
  readonly #lacking = new Map<string, Want>();
  /** Since when groups of such wants wait, in milliseconds since 1970. */
  readonly #since = new Map<string, number>();
  /** Cards that are left alone for a while: until when, by performance.now(), and whether still. */
  readonly #resting = new Map<number, { readonly until: number; readonly still: () => boolean }>();
  /** Cards of which something is being found out. */
  readonly #asked = new Set<ReadonlySet<number>>();
  #wait: Wait | null = null;
  #said = "";
  #over = false;

  constructor(private readonly options: RoomOptions) {
    const { cpus, gpus, claims } = options;
    this.#claims = claims;
    this.#ids = new Map(gpus.map(({ index, id }) => [index, id]));
    const sizes = new Map(gpus.map(({ index, memory }) => [index, memory]));
    const numbers = new Map(gpus.map(({ index, id }) => [id, index]));
    this.slots = new Slots(cpus, [...this.#ids.keys()], {
      instances: new Set(gpus.filter(({ instance }) => instance).map(({ index }) => index)),
      taken: (gpu) => this.#taken(gpu),
      memory: (gpu) => sizes.get(gpu) ?? null,
    });
    // Of a card that this sweep may not use nothing is known, and nothing is waited for there.
    this.#turns = new Turns((id) => {
      const gpu = numbers.get(id);
      return gpu === undefined ? 1 : 1 - this.slots.held(gpu) - this.#taken(gpu);
    });
  }

  #id(gpu: number): string {
    return this.#ids.get(gpu)!;
  }

  get #others(): readonly CardClaim[] {
    return this.#share((claims) => claims.others()) ?? [];
  }

  /** Gives cards to nobody before something is known of them. */
  async hold<T>(gpus: readonly number[], known: Promise<T>): Promise<T> {
    const asked = new Set(gpus);
    this.#asked.add(asked);
    return known.finally(() => this.#asked.delete(asked));
  }

  /** Leaves a card alone for a minute, or until `still` says no, as long as there are others. */
  rest(gpu: number, still: () => boolean): void {
    this.#resting.set(gpu, { until: performance.now() + REST_MILLISECONDS, still });
  }

  #rests(gpu: number): boolean {
    const rest = this.#resting.get(gpu);
    if (rest === undefined) return false;
    if (rest.still() && performance.now() < rest.until) return true;
    this.#resting.delete(gpu);
    return false;
  }

  /** How much of a card other processes hold, 0 to 1. */
  #taken(gpu: number): number {
    const id = this.#id(gpu);
    const held = this.#share((claims) => claims.taken(id)) ?? 0;
    return held + (this.options.use?.foreign(id)?.part ?? 0);
  }

  /** A share, or null where there is no room now. */
  take(wanted: Resources, gpu: number | null, among: Partial<Among> = {}): Share | null {
    const want = { wanted, gpu };
    const { cards, count, gpuShare } = this.slots.ask(want);
    if (count === 0) return this.slots.take(wanted, gpu, among);
    // Of two that take as much, one may find room on more cards.
    const key = JSON.stringify([gpuShare, count, gpu, wanted.gpuMemory ?? null]);
    const since = this.#since.get(key) ?? Date.now();
    const closed = this.#turns.closed(this.#others, { count, share: gpuShare, since });
    const resting = cards.filter((card) => this.#rests(card));
    const spared = cards.length - resting.length < count ? [] : resting;
    const share = this.#mustLook(cards)
      ? null
      : this.slots.take(wanted, gpu, {
          ...among,
          closed: new Set([
            ...spared,
            ...[...this.#asked].flatMap((asked) => [...asked]),
            ...cards.filter((card) => closed.has(this.#id(card))),
          ]),
        });
    if (share !== null && this.#tell()) {
      this.#since.delete(key);
      this.#lacking.delete(key);
      this.#turns.took(
        this.#others,
        share.gpus.map((card) => this.#id(card)),
      );
      return share;
    }
    // Another process was faster.
    if (share !== null) this.slots.release(share);
    if (this.slots.hasCores(wanted)) {
      this.#lacking.set(key, want);
      this.#since.set(key, since);
    }
    return null;
  }

  /** What is known of cards is too old, and none of them is in use here. */
  #mustLook(cards: readonly number[]): boolean {
    const { use } = this.options;
    if (use === null || !use.stale) return false;
    void use.look();
    return cards.every((card) => this.slots.held(card) < TINY);
  }

  /** Says what is held now; false where another process has taken some of it at the same time. */
  #tell(): boolean {
    const held = [...this.#ids].map(([gpu, id]) => [id, this.slots.held(gpu)] as const);
    const some = Object.fromEntries(held.filter(([, part]) => part > TINY));
    return this.#share((claims) => claims.hold(some)) ?? true;
  }

  /** Does something with the claims; where their folder fails, this sweep goes on without. */
  #share<T>(action: (claims: CardClaims) => T): T | null {
    if (this.#claims === null) return null;
    try {
      return action(this.#claims);
    } catch (error) {
      const { folder } = this.#claims;
      this.#claims = null;
      const reason = (error as Error).message;
      this.options.say(
        `warning: ${folder} fails, so other sweeps do not see the GPUs in use: ${reason}`,
      );
      return null;
    }
  }

  /** Gives a share back. */
  release(share: Share): void {
    this.slots.release(share);
    if (share.gpus.length > 0) this.#tell();
  }

  /** True where another process waits for one of the cards. */
  isWished(gpus: readonly number[]): boolean {
    const ids = gpus.map((gpu) => this.#id(gpu));
    return this.#others.some(({ wishes }) =>
      wishes.some(({ cards }) => cards.some((card) => ids.includes(card))),
    );
  }

  /**
   * To be called after all that is ready was offered room. Tells the other processes what is still waited
   * for. Where others hold cards that are waited for, gives a promise that resolves when it is worth
   * offering again.
   */
  settle(): Promise<void> | null {
    for (const key of this.#since.keys()) if (!this.#lacking.has(key)) this.#since.delete(key);
    const wants = [...this.#lacking];
    this.#lacking.clear();
    if (this.#over) return null;
    this.#share((claims) => claims.wish(wants.map(([key, want]) => this.#wishOf(key, want))));
    const cards = new Set(wants.flatMap(([, want]) => this.slots.ask(want).cards));
    const others = [...cards].filter(
      (gpu) => this.#taken(gpu) > TINY || this.#rests(gpu) || this.isWished([gpu]),
    );
    const looks = cards.size > 0 && this.options.use?.stale === true;
    if (others.length === 0 && !looks) return null;
    this.#explain(others);
    this.#wait ??= this.#waitForChange();
    return this.#wait.promise;
  }

  #wishOf(key: string, want: Want): RoomWish {
    const { cards, count, gpuShare: share } = this.slots.ask(want);
    // Who gathers whole cards names just these, so that the others stay in use.
    const numbers = share === 1 ? this.slots.gather(want).map(({ gpu }) => gpu) : cards;
    const ids = numbers.map((gpu) => this.#id(gpu));
    return { cards: ids, count, share, since: this.#since.get(key)! };
  }

  /** Says who holds the cards, where nothing of this sweep runs on any. */
  #explain(gpus: readonly number[]): void {
    if (this.slots.gpus.some((gpu) => this.slots.held(gpu) > TINY)) return;
    const who = gpus.flatMap((gpu) => {
      const id = this.#id(gpu);
      const holders = this.#others.filter(({ held }) => (held[id] ?? 0) > 0);
      const words = holders.map(({ pid, purpose }) => `${purpose} (process ${pid})`);
      const foreign = this.options.use?.foreign(id);
      if (foreign) words.push(foreign.words);
      return words.length === 0 ? [] : [`GPU ${gpu}: ${words.join(", ")}`];
    });
    const line = `waiting for room on a GPU; ${who.join("; ")}`;
    const key = line.replace(/[\d.]+ of [\d.]+ GiB/gu, "");
    if (who.length === 0 || key === this.#said) return;
    this.#said = key;
    this.options.say(line);
  }

  #waitForChange(): Wait {
    const { use } = this.options;
    let end!: () => void;
    const promise = new Promise<void>((resolve) => {
      end = resolve;
    });
    const look = (): void => void (use?.lookWaiting() ?? Promise.resolve()).then(end);
    const timer = setTimeout(look, use?.stale === true ? 0 : LOOK_MILLISECONDS);
    // Who gives a card back says so at once.
    let watcher: ReturnType<typeof watch> | null = null;
    try {
      if (this.#claims !== null) watcher = watch(this.#claims.folder, end);
      watcher?.on("error", () => undefined);
    } catch {
      // The system has no watch left.
    }
    void promise.then(() => {
      clearTimeout(timer);
      watcher?.close();
      this.#wait = null;
    });
    return { promise, end };
  }

  /** Nothing more is waited for. */
  leave(): void {
    this.#over = true;
    this.#share((claims) => claims.wish([]));
    this.#wait?.end();
  }

  /** Nothing is held any more. */
  close(): void {
    this.leave();
    this.#claims?.close();
    this.#claims = null;
  }
}
