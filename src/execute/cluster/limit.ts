/**
 * Jobs that are submitted together, as far as a limit of jobs at the same time is concerned. A limit of N is
 * N places: each job takes one while it runs.
 */
export interface Batch {
  /** How many jobs there are. */
  readonly tasks: number;
  /** Those of whose jobs it waits for some. */
  readonly parents: readonly Batch[];
  /** Those of whose jobs it waits for all. */
  readonly whole: ReadonlySet<Batch>;
  /** Places that it has already; null: they are to be found. */
  readonly places: readonly number[] | null;
}

/** What a batch is given. */
export interface Allotment {
  /** As many of its jobs run at the same time. */
  readonly places: readonly number[];
  /** Batches that must have ended before, beside those that it waits for anyway. */
  readonly behind: readonly Batch[];
}

/**
 * Gives each batch places, so that no more jobs than the limit can ever run at the same time: who takes a
 * place that another batch has waits for that one's end. Batches that can run at the same time share the
 * places out evenly; one that has fewer jobs leaves the rest to the others. Where there are more batches than
 * places, some wait for others.
 *
 * @param batches those that wait for others behind them, and those that have places before all
 */
export function allot(limit: number, batches: readonly Batch[]): ReadonlyMap<Batch, Allotment> {
  const orders = ordersOf(batches);
  const lanes = lanesOf(batches, orders);
  const holders = new Map<number, Batch[]>();
  const load = new Map<number, number>();
  const found = new Map<Batch, Allotment>();
  const give = (batch: Batch, allotment: Allotment): void => {
    found.set(batch, allotment);
    for (const place of allotment.places) {
      holders.set(place, [...(holders.get(place) ?? []), batch]);
      const more = batch.tasks / allotment.places.length;
      load.set(place, (load.get(place) ?? 0) + more);
    }
  };
  for (const batch of batches) {
    if (batch.places !== null) {
      // The limit may have been higher when it got them.
      const places = [...new Set(batch.places.map((place) => place % limit))];
      give(batch, { places, behind: [] });
      continue;
    }
    const { ended } = orders.get(batch)!;
    const wish = wishOf(batch, limit, orders, lanes);
    const places: number[] = [];
    for (const [place, list] of holders)
      if (places.length < wish && ended.has(list.at(-1)!)) places.push(place);
    for (let place = 0; place < limit && places.length < wish; place++)
      if (!holders.has(place)) places.push(place);
    if (places.length > 0) {
      give(batch, { places, behind: [] });
      continue;
    }
    const [first] = [...load].reduce((least, one) => (one[1] < least[1] ? one : least));
    const last = holders.get(first)!.at(-1)!;
    // Whoever waits for it gets all of its places at the same time.
    const its = [...holders].flatMap(([place, list]) => (list.at(-1) === last ? [place] : []));
    const taken = its.slice(0, batch.tasks);
    const before = new Set(taken.flatMap((place) => holders.get(place)!));
    // Also those before the last: that one may be cancelled while they run.
    give(batch, { places: taken, behind: [...before].filter((one) => !ended.has(one)) });
  }
  return found;
}

/** What comes before a batch. */
interface Before {
  /** Batches of which it waits for a job, directly or not. */
  readonly above: ReadonlySet<Batch>;
  /** Those of them whose jobs have all ended when it begins. */
  readonly ended: ReadonlySet<Batch>;
}

type Orders = ReadonlyMap<Batch, Before>;

function ordersOf(batches: readonly Batch[]): Orders {
  const orders = new Map<Batch, Before>();
  for (const batch of batches) {
    const above = new Set<Batch>();
    const ended = new Set<Batch>();
    for (const parent of batch.parents) {
      const its = orders.get(parent);
      above.add(parent);
      if (batch.whole.has(parent)) ended.add(parent);
      for (const one of its?.above ?? []) above.add(one);
      for (const one of its?.ended ?? []) ended.add(one);
    }
    orders.set(batch, { above, ended });
  }
  return orders;
}

/** Few chains that hold all batches that have no places yet: each batch waits for the one before it. */
function lanesOf(batches: readonly Batch[], orders: Orders): readonly (readonly Batch[])[] {
  const lanes: Batch[][] = [];
  for (const batch of batches) {
    if (batch.places !== null) continue;
    const { above } = orders.get(batch)!;
    const lane = lanes.find((one) => above.has(one.at(-1)!));
    if (lane === undefined) lanes.push([batch]);
    else lane.push(batch);
  }
  return lanes;
}

/** How many places a batch is to have beside those that can run at the same time. */
function wishOf(
  batch: Batch,
  limit: number,
  orders: Orders,
  lanes: readonly (readonly Batch[])[],
): number {
  if (batch.tasks === 1) return 1;
  const { above } = orders.get(batch)!;
  const isBeside = (other: Batch): boolean =>
    other !== batch && !above.has(other) && !orders.get(other)!.above.has(batch);
  const held = new Set<number>();
  for (const other of orders.keys())
    if (other.places !== null && isBeside(other)) for (const place of other.places) held.add(place);
  const others = lanes.flatMap((lane) => {
    const beside = lane.filter(isBeside).map(({ tasks }) => tasks);
    return beside.length === 0 ? [] : [Math.max(...beside)];
  });
  others.sort((a, b) => a - b);
  let left = Math.max(1, limit - held.size);
  for (const [index, width] of others.entries()) {
    if (width * (others.length + 1 - index) >= left)
      return Math.min(batch.tasks, Math.ceil(left / (others.length + 1 - index)));
    left -= width;
  }
  return Math.min(batch.tasks, left);
}
