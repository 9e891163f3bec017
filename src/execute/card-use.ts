import { lineOf } from "../base/process.js";
import type { CardClaim } from "./card-claims.js";
import type { CardProcess, ListedCard } from "./nvidia-smi.js";
import { listCards, listProcesses } from "./nvidia-smi.js";

/** What programs other than r4ec's use of a card. */
export interface ForeignUse {
  /** The part of its memory, 0 to 1. */
  readonly part: number;
  /** `61 of 80 GiB used by process 4711`. */
  readonly words: string;
}

/** What was seen on a card is held for true for this time. */
const FRESH_MILLISECONDS = 10_000;
/** While a card that others use is waited for, it is looked at this often. */
const WAITING_MILLISECONDS = 2_000;
/** After a program of ours has left a card, its memory may still be told as used for this time. */
const LEAVING_MILLISECONDS = 3_000;
/** A smaller part of a card's memory hinders nobody: a screen, a driver, a tool that only looks. */
const SMALL_PART = 0.1;

/** Looks, by nvidia-smi, at the memory that other programs use of cards. */
export class CardUse {
  #at = -Infinity;
  #foreign: ReadonlyMap<string, ForeignUse> = new Map();
  #look: Promise<void> | null = null;
  /** When a program of this process was last on a card, by id; Infinity: one is. */
  readonly #ours = new Map<string, number>();

  constructor(
    private readonly options: {
      readonly environment: NodeJS.ProcessEnv;
      /** What the other processes of r4ec on this machine have said. */
      readonly claims: () => readonly CardClaim[];
      /** Milliseconds. */
      readonly now?: () => number;
    },
  ) {}

  get #now(): number {
    return this.options.now?.() ?? performance.now();
  }

  /** Says whether a program of this process is on a card now, or has just left it. */
  ours(card: string, there: boolean): void {
    this.#ours.set(card, there ? Infinity : this.#now);
  }

  /** Whether what is known is too old to judge by. */
  get stale(): boolean {
    return this.#now - this.#at > FRESH_MILLISECONDS;
  }

  /** What others use of a card; null: nothing to speak of, or nobody tells. */
  foreign(card: string): ForeignUse | null {
    return this.#foreign.get(card) ?? null;
  }

  /** Looks again where the last look is some time ago, for one that waits. */
  async lookWaiting(): Promise<void> {
    if (this.#now - this.#at > WAITING_MILLISECONDS) await this.look();
  }

  /** Looks again; calls that come while it looks wait for the same look. */
  look(): Promise<void> {
    this.#look ??= this.#ask().finally(() => {
      this.#look = null;
    });
    return this.#look;
  }

  async #ask(): Promise<void> {
    const { environment } = this.options;
    const [cards, processes] = await Promise.all([
      listCards(environment),
      listProcesses(environment),
    ]);
    this.#at = this.#now;
    const claims = this.options.claims();
    this.#foreign = new Map(
      (cards ?? []).flatMap((card) => {
        const there = processes.filter(({ uuid }) => uuid === card.uuid);
        const foreign = this.#foreignOn(card, there, claims);
        return foreign === null ? [] : [[card.uuid!, foreign] as const];
      }),
    );
  }

  #foreignOn(
    { uuid, memory, display, cut }: ListedCard,
    there: readonly CardProcess[],
    claims: readonly CardClaim[],
  ): ForeignUse | null {
    // Of the memory of instances nothing is told.
    if (uuid === null || memory === null || cut) return null;
    const holders = new Set([process.pid]);
    for (const { pid, held } of claims) if ((held[uuid] ?? 0) > 0) holders.add(pid);
    const left = this.#ours.get(uuid) ?? -Infinity;
    const atWork = holders.size > 1 || this.#at < left + LEAVING_MILLISECONDS;
    const strangers = there.filter(({ pid }) => {
      const line = lineOf(pid);
      // Whose parents are out of sight, in another container, may be r4ec's where it is at work.
      return line.length === 0 ? !atWork : !line.some((one) => holders.has(one));
    });
    let used = strangers.reduce((sum, one) => sum + (one.used ?? 0), 0);
    // Memory is in use, and by whom or how much nobody tells. A screen takes some too.
    const untold = strangers.length > 0 ? strangers.some((one) => one.used === null) : !display;
    const nobodyKnown = there.length === strangers.length;
    if (untold && nobodyKnown && !atWork) used = memory.used;
    if (used < SMALL_PART * memory.total) return null;
    const size = (mib: number): string => (mib / 1024).toFixed(mib < 10_240 ? 1 : 0);
    const pids = strangers.map(({ pid }) => pid);
    const who =
      pids.length === 0
        ? "processes out of sight"
        : `process${pids.length > 1 ? "es" : ""} ${pids.slice(0, 4).join(", ")}`;
    const words = `${size(used)} of ${size(memory.total)} GiB used by ${who}`;
    return { part: Math.min(1, used / memory.total), words };
  }
}
