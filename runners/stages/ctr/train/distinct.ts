import type { Tensor, Variable } from "../tensorflow.js";
import { whole } from "../data/batch.js";
import type { Columns } from "../data/columns.js";
import { zerosVariable } from "../graph/zeros.js";
import { sliceRows } from "./slice-rows.js";

/** The largest number of different users and items in one batch. */
export interface DistinctSizes {
  readonly users: number;
  readonly items: number;
}

/**
 * The users and items of a batch, each once, and where each sample's are among them: int32 [R, n]
 * and [R, B]. The unused places among the n stand for nobody.
 */
export interface Distinct {
  readonly users: Tensor;
  readonly userPlaces: Tensor;
  readonly items: Tensor;
  readonly itemPlaces: Tensor;
}

/**
 * The largest share of a batch's vectors that may be different, if looking for equal ones is to
 * save time.
 */
const worthwhile = 0.9;

/**
 * Room for the different users and items of a batch of the training samples, drawn without order: what
 * all but one batch in some hundreds need. Null where few of a batch's vectors come twice.
 *
 * @param rows the training samples, by row
 */
export function distinctSizes(
  { ids }: Columns,
  rows: Int32Array,
  batchSize: number,
): DistinctSizes | null {
  const room = (of: Int32Array): number => {
    const { mean, deviation } = occupancy(countsOf(of, rows), rows.length, batchSize);
    // Rounded up to a multiple of eight rows, which the processor computes together.
    return Math.min(batchSize, 8 * Math.ceil((mean + 3 * deviation) / 8));
  };
  const sizes = { users: room(ids.user), items: room(ids.item) };
  return sizes.users + sizes.items > worthwhile * 2 * batchSize ? null : sizes;
}

function countsOf(ids: Int32Array, rows: Int32Array): Iterable<number> {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(ids[row]!, (counts.get(ids[row]!) ?? 0) + 1);
  return counts.values();
}

/**
 * How many different ids `drawn` of `total` samples hold, an id standing in `counts` of them: mean and
 * deviation of occupied boxes where balls fall with unequal probabilities (Kolchin et al. 1978).
 */
function occupancy(
  counts: Iterable<number>,
  total: number,
  drawn: number,
): { readonly mean: number; readonly deviation: number } {
  let mean = 0;
  let variance = 0;
  let weighted = 0;
  for (const count of counts) {
    const share = count / total;
    const absent = (1 - share) ** drawn;
    mean += 1 - absent;
    variance += absent * (1 - absent);
    weighted += share * absent;
  }
  return { mean, deviation: Math.sqrt(Math.max(0, variance - drawn * weighted ** 2)) };
}

/**
 * Which users and items each batch of an epoch holds, and where in that list each sample's are, as
 * variables beside the epoch's order: a step makes of each vector once what all samples with it use.
 */
export class DistinctIds {
  readonly #columns: readonly IdColumn[];
  readonly #users: IdColumn;
  readonly #items: IdColumn;
  /** By batch: whether all replicas' ids have room. */
  #fits: readonly boolean[] = [];

  constructor(
    { ids, item: { dtype } }: Columns,
    sizes: DistinctSizes,
    private readonly batchSize: number,
    replicas: number,
    samples: number,
  ) {
    const variable = (): Variable => zerosVariable([replicas, samples], dtype as "int32");
    const column = (of: Int32Array, room: number): IdColumn => ({
      ids: of,
      room,
      lists: variable(),
      places: variable(),
    });
    this.#users = column(ids.user, sizes.users);
    this.#items = column(ids.item, sizes.items);
    this.#columns = [this.#users, this.#items];
  }

  /** In a step: the ids of the batch whose samples begin at `begin`, a tensor [0, start]. */
  of(begin: Tensor): Distinct {
    const slice = (variable: Variable, size: number): Tensor =>
      whole(sliceRows(variable, begin, [variable.shape[0]!, size]));
    return {
      users: slice(this.#users.lists, this.#users.room),
      userPlaces: slice(this.#users.places, this.batchSize),
      items: slice(this.#items.lists, this.#items.room),
      itemPlaces: slice(this.#items.places, this.batchSize),
    };
  }

  /** Whether the step with room for fewer vectors can do a batch of the epoch. */
  fits(batch: number): boolean {
    return this.#fits[batch]!;
  }

  /** What to write to which variables for an epoch of these orders, one a replica. */
  begin(orders: readonly Int32Array[]): {
    readonly variables: readonly Variable[];
    readonly values: readonly Int32Array[];
  } {
    const samples = orders[0]!.length;
    const batches = Math.floor(samples / this.batchSize);
    const fits = Array.from({ length: batches }, () => true);
    const values = this.#columns.flatMap(({ ids, room }) => {
      const lists = new Int32Array(orders.length * samples);
      const places = new Int32Array(orders.length * samples);
      orders.forEach((order, replica) => {
        for (let batch = 0; batch < batches; batch++) {
          const from = batch * this.batchSize;
          const found = list(ids, order.subarray(from, from + this.batchSize), {
            list: lists.subarray(replica * samples + from),
            places: places.subarray(replica * samples + from),
          });
          if (found > room) fits[batch] = false;
        }
      });
      return [lists, places];
    });
    this.#fits = fits;
    return { variables: this.#columns.flatMap(({ lists, places }) => [lists, places]), values };
  }

  dispose(): void {
    for (const { lists, places } of this.#columns) {
      lists.dispose();
      places.dispose();
    }
  }
}

/** The users of all samples, or the items. */
interface IdColumn {
  /** By row. */
  readonly ids: Int32Array;
  readonly room: number;
  /** Whole numbers [R, samples]: a batch's list begins where its samples do. */
  readonly lists: Variable;
  readonly places: Variable;
}

/** Writes the ids of some rows as a list, and each row's place in it; returns the list's length. */
function list(
  ids: Int32Array,
  rows: Int32Array,
  to: { readonly list: Int32Array; readonly places: Int32Array },
): number {
  const known = new Map<number, number>();
  rows.forEach((row, i) => {
    const id = ids[row]!;
    let place = known.get(id);
    if (place === undefined) {
      place = known.size;
      known.set(id, place);
      to.list[place] = id;
    }
    to.places[i] = place;
  });
  return known.size;
}
