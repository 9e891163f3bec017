import type { CardClaim, RoomWish } from "./card-claims.js";

/** A process may start so many groups on cards that another one gathers, before that one's turn comes. */
const BEFORE_LARGER = 8;
/** The same for one that waits for as much as these groups take, or for less. */
const BEFORE_EQUAL = 1;
/** Who does not take room that is there for this time is not waited for. */
const ASLEEP_MILLISECONDS = 10_000;
const TINY = 1e-9;

interface Seen {
  /** Groups of this process that started on its cards. */
  passed: number;
  /** Since when there is room for it; null: there is none. */
  roomSince: number | null;
}

/** Whose turn it is on cards that several processes wait for. */
export class Turns {
  readonly #seen = new Map<string, Seen>();

  /**
   * @param free how much of a card nobody holds, by its id
   * @param now milliseconds
   */
  constructor(
    private readonly free: (card: string) => number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Ids of the cards that a group of this process leaves to others now: to those that have waited longer
   * than it, and have been passed over. Of two that wait for each other, only one has waited longer.
   */
  closed(
    claims: readonly CardClaim[],
    mine: Pick<RoomWish, "count" | "share" | "since">,
  ): ReadonlySet<string> {
    const closed = new Set<string>();
    const known = new Set<string>();
    for (const [key, wish] of wishesOf(claims)) {
      known.add(key);
      const seen = this.#look(key, wish);
      const larger = wish.count * wish.share > mine.count * mine.share + TINY;
      const passed = seen.passed >= (larger ? BEFORE_LARGER : BEFORE_EQUAL);
      const asleep = seen.roomSince !== null && this.now() - seen.roomSince > ASLEEP_MILLISECONDS;
      if (wish.since >= mine.since || !passed || asleep) continue;
      for (const card of wish.cards) closed.add(card);
    }
    for (const key of this.#seen.keys()) if (!known.has(key)) this.#seen.delete(key);
    return closed;
  }

  #look(key: string, { cards, count, share }: RoomWish): Seen {
    const seen = this.#seen.get(key) ?? { passed: 0, roomSince: null };
    this.#seen.set(key, seen);
    const room = cards.filter((card) => this.free(card) >= share - TINY).length >= count;
    seen.roomSince = room ? (seen.roomSince ?? this.now()) : null;
    return seen;
  }

  /** A group of this process started on these cards. */
  took(claims: readonly CardClaim[], cards: readonly string[]): void {
    for (const [key, wish] of wishesOf(claims)) {
      const seen = this.#seen.get(key);
      if (seen !== undefined && cards.some((card) => wish.cards.includes(card))) seen.passed += 1;
    }
  }
}

/** Wishes with keys of their own. */
const wishesOf = (claims: readonly CardClaim[]): [string, RoomWish][] =>
  claims.flatMap(({ pid, start, wishes }) =>
    wishes.map((wish): [string, RoomWish] => {
      const { count, share, since } = wish;
      return [JSON.stringify([pid, start, count, share, since]), wish];
    }),
  );
