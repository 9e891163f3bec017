/**
 * Puts some of a list into each other's places, those first that take longest; the others keep theirs. What is
 * short then fills the places that come free at the end (the rule "longest processing time first": R. L. Graham,
 * Bounds on Multiprocessing Timing Anomalies, 1969). Where nothing is known of one, it may be the longest, so it
 * comes before those that are known. Equal ones stay in their order.
 *
 * @param seconds that one takes; null: not known; undefined: it keeps its place
 */
export function longestFirst<T>(
  list: readonly T[],
  seconds: (one: T) => number | null | undefined,
): readonly T[] {
  const all = list.map((one) => ({ one, seconds: seconds(one) }));
  const moved = all
    .filter((each) => each.seconds !== undefined)
    .sort((a, b) => descending(a.seconds ?? null, b.seconds ?? null));
  let next = 0;
  return all.map((each) => (each.seconds === undefined ? each : moved[next++]!).one);
}

const descending = (a: number | null, b: number | null): number =>
  a === b ? 0 : a === null ? -1 : b === null ? 1 : b - a;
