/** Jobs that are submitted together, as far as a limit of jobs at the same time is concerned. */
export interface Batch {
  /** How many there are. */
  readonly tasks: number;
  /** Those that must have ended before. */
  readonly parents: readonly Batch[];
  /** How many of them run at the same time, where that was said already; null: it is to be found. */
  readonly atOnce: number | null;
}

/** Arrays of which each waits for the one before it. */
interface Lane {
  readonly batches: Batch[];
  /** Jobs that it may have at the same time. */
  share: number | null;
}

/**
 * Shares a limit out among arrays, so that all that can run at the same time keep to it together; a single
 * job does not count. Each array has 1 at least, also where that exceeds the limit. A lane gets no more than
 * it has tasks, and leaves the rest to the others.
 *
 * @param batches those that wait for others behind them
 */
export function shareLimit(limit: number, batches: readonly Batch[]): ReadonlyMap<Batch, number> {
  const lanes = lanesOf(batches);
  let left = limit;
  for (const { share } of lanes) left -= share ?? 0;
  const free = lanes.filter(({ share }) => share === null);
  const widthOf = ({ batches: all }: Lane): number => Math.max(...all.map(({ tasks }) => tasks));
  free.sort((a, b) => widthOf(a) - widthOf(b));
  for (const [index, lane] of free.entries()) {
    const fair = Math.floor(left / (free.length - index));
    lane.share = Math.max(1, Math.min(widthOf(lane), fair));
    left -= lane.share;
  }
  return new Map(lanes.flatMap(({ batches: all, share }) => all.map((batch) => [batch, share!])));
}

/** Few lanes that hold all arrays. */
function lanesOf(batches: readonly Batch[]): readonly Lane[] {
  const lanes: Lane[] = [];
  const above = new Map<Batch, ReadonlySet<Batch>>();
  for (const batch of batches) {
    const all = new Set<Batch>();
    for (const parent of batch.parents) {
      all.add(parent);
      for (const one of above.get(parent) ?? []) all.add(one);
    }
    above.set(batch, all);
    if (batch.tasks === 1) continue;
    const lane = batch.atOnce === null ? lanes.find((one) => all.has(one.batches.at(-1)!)) : null;
    if (lane == null) lanes.push({ batches: [batch], share: batch.atOnce });
    else lane.batches.push(batch);
  }
  return lanes;
}
