import fc from "fast-check";
import { expect, test } from "vitest";
import type { Allotment, Batch } from "../../../../src/execute/cluster/limit.js";
import { allot } from "../../../../src/execute/cluster/limit.js";

/** `parents`: waits for all jobs of these; `parts`: for some jobs of these. */
const batch = (
  tasks: number,
  parents: Batch[] = [],
  { parts = [], places = null }: { parts?: Batch[]; places?: number[] | null } = {},
): Batch => ({ tasks, parents: [...parents, ...parts], whole: new Set(parents), places });

const upTo = (count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, index) => from + index);

/** How many jobs of each may run at the same time, and which batches it waits for beside its parents. */
function given(limit: number, batches: readonly Batch[]): (number | [number, ...number[]])[] {
  const found = allot(limit, batches);
  return batches.map((one) => {
    const { places, behind } = found.get(one)!;
    if (behind.length === 0) return places.length;
    return [places.length, ...behind.map((other) => batches.indexOf(other))];
  });
}

test("batches that can run at the same time keep to the limit together", () => {
  expect(given(20, [batch(100), batch(100), batch(100)])).toEqual([7, 7, 6]);
  // What a small one does not need is for the others.
  expect(given(20, [batch(100), batch(2), batch(100)])).toEqual([9, 2, 9]);
  expect(given(20, [batch(1), batch(100)])).toEqual([1, 19]);
});

test("more batches than places wait for each other", () => {
  expect(given(1, [batch(5), batch(5), batch(1)])).toEqual([1, [1, 0], [1, 0, 1]]);
  // The shortest queue is taken.
  expect(given(2, [batch(50), batch(5), batch(5), batch(5)])).toEqual([1, 1, [1, 1], [1, 1, 2]]);
});

test("a batch that waits for another one has its places", () => {
  const texts = batch(10);
  const vectors = batch(1, [texts]);
  const cells = batch(300, [vectors]);
  const others = batch(300);
  expect(given(20, [texts, others, vectors, cells])).toEqual([10, 10, 1, 10]);
  // Two that wait for the same one run beside each other.
  expect(given(20, [texts, batch(50, [texts]), batch(50, [texts])])).toEqual([10, 10, 10]);
});

test("batches that wait for a part of another one wait for all of it where there is no room", () => {
  const tunes = batch(30);
  const thoughts = upTo(30).map(() => batch(1, [], { parts: [tunes] }));
  const found = given(20, [tunes, ...thoughts]);
  expect(found[0]).toBe(20);
  expect(found.slice(1, 21)).toEqual(Array(20).fill([1, 0]));
  // Behind one of the others too.
  expect(found[21]).toEqual([1, 0, 1]);
  expect(given(60, [tunes, ...thoughts])).toEqual([30, ...Array<number>(30).fill(1)]);
});

test("what is in the queue already keeps what it was given", () => {
  const running = batch(30, [], { places: upTo(15) });
  expect(given(20, [running, batch(100)])).toEqual([15, 5]);
  expect(given(20, [running, batch(100, [running])])).toEqual([15, 20]);
  // A single job, as one that is tried again, waits too where there is no room.
  expect(given(20, [batch(40, [], { places: upTo(20) }), batch(8), batch(1)])).toEqual([
    20,
    [8, 0],
    [1, 0],
  ]);
  // The limit was higher before.
  expect(given(2, [batch(4, [], { places: upTo(4) }), batch(9)])).toEqual([2, [2, 0]]);
});

/** Plays a queue through, the choice of what happens next left to `choose`; gives the most that ran at once. */
function play(
  batches: readonly Batch[],
  found: ReadonlyMap<Batch, Allotment>,
  choose: (count: number) => number,
): number {
  const waiting = new Map(batches.map((one) => [one, one.tasks]));
  const left = new Map(batches.map((one) => [one, one.tasks]));
  const running: Batch[] = [];
  let most = 0;
  const mayStart = (one: Batch): boolean => {
    const { places, behind } = found.get(one)!;
    if (waiting.get(one) === 0) return false;
    if (running.filter((other) => other === one).length === places.length) return false;
    if (behind.some((other) => left.get(other)! > 0)) return false;
    return one.parents.every((parent) =>
      one.whole.has(parent) ? left.get(parent) === 0 : left.get(parent)! < parent.tasks,
    );
  };
  for (;;) {
    const starts = batches.filter(mayStart);
    if (starts.length + running.length === 0) break;
    const next = choose(starts.length + running.length);
    if (next < starts.length) {
      const one = starts[next]!;
      waiting.set(one, waiting.get(one)! - 1);
      running.push(one);
      most = Math.max(most, running.length);
    } else {
      const [one] = running.splice(next - starts.length, 1);
      left.set(one!, left.get(one!)! - 1);
    }
  }
  // Nothing waits for ever.
  expect([...left.values()].filter((count) => count > 0)).toEqual([]);
  return most;
}

test("whatever waits for what, the limit is never exceeded and all jobs run", () => {
  const link = fc.record({ up: fc.nat(20), whole: fc.boolean() });
  const one = fc.record({
    tasks: fc.integer({ min: 1, max: 8 }),
    links: fc.array(link, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.array(one, { minLength: 1, maxLength: 15 }),
      fc.infiniteStream(fc.nat(1_000_000)),
      (limit, wanted, choices) => {
        const batches: Batch[] = [];
        for (const { tasks, links } of wanted) {
          const known = links.flatMap(({ up, whole }) => {
            const parent = batches[up];
            return parent === undefined ? [] : [{ parent, whole: whole || parent.tasks === 1 }];
          });
          const whole = known.filter((each) => each.whole).map(({ parent }) => parent);
          const parts = known.filter(({ parent }) => !whole.includes(parent));
          batches.push(batch(tasks, whole, { parts: parts.map(({ parent }) => parent) }));
        }
        const found = allot(limit, batches);
        const most = play(batches, found, (count) => choices.next().value! % count);
        expect(most).toBeLessThanOrEqual(limit);
      },
    ),
    { numRuns: 300 },
  );
});
