import type { DistinctSizes, RowIds } from "./room.js";

/** How a trainer's steps take an epoch's samples. */
export interface EpochLayout {
  readonly batchSize: number;
  /**
   * Whether the last batch is as large as the others: behind the epoch's samples, the first one of that batch is
   * repeated, and does not count there.
   */
  readonly filled: boolean;
  /** Whether rows are float32, as the columns' whole numbers are on a card. */
  readonly floats: boolean;
  /** Room for a batch's different users and items; null where no step looks for them. */
  readonly room: DistinctSizes | null;
}

/** An epoch's samples, as its steps take them: replica after replica. */
export interface EpochSamples {
  /** [R, samples], by row; as many samples as {@link placesOf} says */
  readonly rows: Int32Array | Float32Array;
  readonly distinct: DistinctPlaces | null;
}

/**
 * Which users and items each batch holds, each once. Both of a batch's lists are in the order in which its
 * samples have them.
 */
export interface DistinctPlaces {
  /** [R, samples] of pairs, as many as rows: the place of a sample's user and that of its item in the lists. */
  readonly places: NumberPairs;
  /**
   * [R, batches * {@link listWidth}] of pairs: for each place of a list of users and of items, the first
   * sample with it, counted from the batch's first. 0 for places without a user or an item.
   */
  readonly firsts: NumberPairs;
  /** By batch: whether the users and items of all replicas have room. */
  readonly fits: readonly boolean[];
}

/**
 * Pairs of whole numbers below the batch size: one array, a * {@link RADIX} + b, so that little is sent to a
 * card; or where that is not exact, one array of each.
 */
export type NumberPairs = readonly Float32Array[];

/** Two numbers below it can be one: float32 has all whole numbers below its square. */
export const RADIX = 4096;

/** How many arrays pairs of numbers below the batch size are. */
export const arraysOfPairs = (batchSize: number): 1 | 2 => (batchSize <= RADIX ? 1 : 2);

/** How many samples an epoch is laid out as. */
export const placesOf = (
  samples: number,
  { batchSize, filled }: Pick<EpochLayout, "batchSize" | "filled">,
): number => (filled ? Math.ceil(samples / batchSize) * batchSize : samples);

/** Places of a batch's lists. */
export const listWidth = ({ users, items }: DistinctSizes): number => Math.max(users, items);

/**
 * Lays an epoch out: the orders of its samples, one a replica, by row.
 *
 * @param given the orders, by row
 * @param ids of all rows; needed only where the layout has room
 */
export function epochSamples(
  given: readonly Int32Array[],
  layout: EpochLayout,
  ids: RowIds | null,
): EpochSamples {
  const { batchSize, filled, floats, room } = layout;
  const orders = filled ? fillUp(given, layout) : given;
  const samples = orders[0]!.length;
  const count = orders.length * samples;
  const rows = floats ? new Float32Array(count) : new Int32Array(count);
  orders.forEach((order, replica) => rows.set(order, replica * samples));
  const distinct =
    room === null || ids === null ? null : distinctPlaces(orders, batchSize, room, ids);
  return { rows, distinct };
}

/** The orders with a last batch as large as the others. Replicas that share one still do. */
function fillUp(orders: readonly Int32Array[], layout: EpochLayout): Int32Array[] {
  const filled = new Map(
    [...new Set(orders)].map((order) => {
      const whole = new Int32Array(placesOf(order.length, layout));
      whole.set(order);
      whole.fill(order[whole.length - layout.batchSize]!, order.length);
      return [order, whole];
    }),
  );
  return orders.map((order) => filled.get(order)!);
}

function distinctPlaces(
  orders: readonly Int32Array[],
  batchSize: number,
  room: DistinctSizes,
  ids: RowIds,
): DistinctPlaces {
  const samples = orders[0]!.length;
  const batches = Math.floor(samples / batchSize);
  const width = listWidth(room);
  const arrays = arraysOfPairs(batchSize);
  const pairs = (count: number): Float32Array[] =>
    Array.from({ length: arrays }, () => new Float32Array(orders.length * count));
  const [places, firsts] = [pairs(samples), pairs(batches * width)];
  const fits = Array.from({ length: batches }, () => true);
  const lists = [
    new ListMaker(ids.interactionUser, ids.users, room.users, arrays === 1 ? RADIX : 1),
    new ListMaker(ids.interactionItem, ids.items, room.items, 1),
  ];
  // By replica: the first one with the same order. Replicas of one seed share it.
  const alike = orders.map((order) => orders.indexOf(order));
  lists.forEach((list, i) => {
    const to = { places: places[i % arrays]!, firsts: firsts[i % arrays]! };
    orders.forEach((order, replica) => {
      if (alike[replica] !== replica) return;
      for (let batch = 0; batch < batches; batch++) {
        const from = batch * batchSize;
        const found = list.make(order.subarray(from, from + batchSize), {
          places: to.places.subarray(replica * samples + from),
          firsts: to.firsts.subarray((replica * batches + batch) * width),
        });
        if (found > list.room) fits[batch] = false;
      }
    });
  });
  alike.forEach((first, replica) => {
    if (first === replica) return;
    const copy = (pairs: NumberPairs, each: number): void => {
      for (const array of pairs) array.copyWithin(replica * each, first * each, (first + 1) * each);
    };
    copy(places, samples);
    copy(firsts, batches * width);
  });
  return { places, firsts, fits };
}

/** Makes the lists of users of batches, or of items, one batch after the other. */
class ListMaker {
  /** By id: the last batch that had it, from 1, and its place there. */
  readonly #batchOf: Int32Array;
  readonly #placeOf: Int32Array;
  #batch = 0;

  /**
   * @param ids by row
   * @param largest id
   * @param unit what one counts in a pair's number
   */
  constructor(
    private readonly ids: Int32Array,
    largest: number,
    readonly room: number,
    private readonly unit: number,
  ) {
    this.#batchOf = new Int32Array(largest + 1);
    this.#placeOf = new Int32Array(largest + 1);
  }

  /** Adds a batch's places and its list to pairs; returns how many the list would hold, had it the room. */
  make(
    rows: Int32Array,
    { places, firsts }: { readonly places: Float32Array; readonly firsts: Float32Array },
  ): number {
    const { ids, room, unit } = this;
    const [batchOf, placeOf] = [this.#batchOf, this.#placeOf];
    const batch = ++this.#batch;
    let found = 0;
    for (let i = 0; i < rows.length; i++) {
      const id = ids[rows[i]!]!;
      if (batchOf[id] !== batch) {
        batchOf[id] = batch;
        placeOf[id] = found;
        if (found < room) firsts[found]! += i * unit;
        found++;
      }
      places[i]! += placeOf[id]! * unit;
    }
    return found;
  }
}
