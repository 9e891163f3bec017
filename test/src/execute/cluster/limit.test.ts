import { expect, test } from "vitest";
import type { Batch } from "../../../../src/execute/cluster/limit.js";
import { shareLimit } from "../../../../src/execute/cluster/limit.js";

const batch = (tasks: number, parents: Batch[] = [], atOnce: number | null = null): Batch => ({
  ...{ tasks, parents, atOnce },
});

/** Shares in the order of the batches; a single job has none. */
const shares = (limit: number, batches: readonly Batch[]) => {
  const found = shareLimit(limit, batches);
  return batches.map((one) => found.get(one) ?? null);
};

test("arrays that can run at the same time keep to the limit together", () => {
  expect(shares(20, [batch(100), batch(100), batch(100)])).toEqual([6, 7, 7]);
  // What a small one does not need is for the others.
  expect(shares(20, [batch(100), batch(2), batch(100)])).toEqual([9, 2, 9]);
  expect(shares(20, [batch(1), batch(100)])).toEqual([null, 20]);
  // Each one goes on.
  expect(shares(1, [batch(5), batch(5)])).toEqual([1, 1]);
});

test("an array that waits for another one has the same share of the limit", () => {
  const texts = batch(10);
  const vectors = batch(1, [texts]);
  const cells = batch(300, [vectors]);
  const others = batch(300);
  expect(shares(20, [texts, others, vectors, cells])).toEqual([10, 10, null, 10]);
  // Two that wait for the same one run beside each other.
  expect(shares(20, [texts, batch(50, [texts]), batch(50, [texts])])).toEqual([10, 10, 10]);
});

test("what is in the queue already keeps what it was given", () => {
  const running = batch(30, [], 15);
  expect(shares(20, [running, batch(100)])).toEqual([15, 5]);
  expect(shares(20, [running, batch(100, [running])])).toEqual([15, 15]);
  expect(shares(20, [batch(40, [], 20), batch(8)])).toEqual([20, 1]);
});
