import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import { packStages } from "../../../src/execute/cluster/pack.js";
import { ReadyStages } from "../../../src/execute/ready.js";
import type { Share } from "../../../src/execute/slots.js";
import { Slots } from "../../../src/execute/slots.js";
import type { PlannedStage } from "../../../src/plan/index.js";
import { aloneRunner, readyStage } from "../../support/ready-stage.js";

/** Seconds of stages as an expectation; those that are left out are not known. */
class Lengths {
  readonly #seconds = new Map<Fingerprint, number>();

  /** A stage that takes so long; null: not known. */
  stage(seconds: number | null, ...made: Parameters<typeof readyStage>): PlannedStage {
    const stage = readyStage(...made);
    if (seconds !== null) this.#seconds.set(stage.record.fingerprint, seconds);
    return stage;
  }

  readonly of = (stage: Fingerprint): number | null => this.#seconds.get(stage) ?? null;
}

/**
 * Runs calls of ready stages on cards in simulated time: each takes as long as its stages together.
 *
 * @returns the calls in the order they started, and the time when the last one ended
 */
function play(
  stages: readonly PlannedStage[],
  { cards, perCard, expected }: { cards: number; perCard: number; expected?: Lengths["of"] },
  seconds: Lengths["of"],
): { calls: { card: number; stages: readonly PlannedStage[]; began: number }[]; ended: number } {
  const slots = new Slots(64, [...Array(cards).keys()]);
  const ready = new ReadyStages(perCard, cards, expected);
  for (const stage of stages) ready.add(stage);
  const calls: { card: number; stages: readonly PlannedStage[]; began: number }[] = [];
  const running: { ends: number; share: Share; key: string }[] = [];
  for (let now = 0; ;) {
    ready.offer((bucket, behind) => {
      const { queue, gpu, wanted, key } = bucket;
      const share = slots.take(wanted, gpu, { behind });
      if (share === null) return "no room";
      const some = queue.splice(0, ready.callSize(bucket, slots.places(wanted, gpu)));
      const took = some.reduce((sum, { record }) => sum + (seconds(record.fingerprint) ?? 0), 0);
      running.push({ ends: now + took, share, key });
      calls.push({ card: share.gpus[0]!, stages: some, began: now });
      return "started";
    });
    if (running.length === 0) return { calls, ended: now };
    running.sort((a, b) => a.ends - b.ends);
    const { ends, share, key } = running.shift()!;
    now = ends;
    slots.release(share);
    ready.over({ key });
  }
}

/** No schedule on so many places is shorter (Graham; the pigeonhole for the k m + 1 longest). */
function shortest(seconds: readonly number[], places: number): number {
  const sorted = [...seconds].sort((a, b) => b - a);
  const bounds = [sorted.reduce((sum, each) => sum + each, 0) / places];
  for (let k = 0; k * places < sorted.length; k++) {
    const last = sorted.slice(k * places - k, k * places + 1);
    bounds.push(last.reduce((sum, each) => sum + each, 0));
  }
  return Math.max(...bounds);
}

const labels = (calls: readonly { stages: readonly PlannedStage[] }[]): string[] =>
  calls.map(({ stages }) => String(stages[0]!.record.params["shape"]));

describe("of those that share cards, the one that takes longest goes first", () => {
  const lengths = fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), {
    minLength: 2,
    maxLength: 40,
  });

  it("in whatever order they came, and whether they fuse or not", () => {
    fc.assert(
      fc.property(lengths, fc.boolean(), (drawn, fuse) => {
        const known = new Lengths();
        // Three stages of each shape: one call. Those that do not fuse differ by more than a fifth.
        const shapes = fuse ? drawn : drawn.slice(0, 8).map((_, nth) => 2 ** ((nth * 5) % 8));
        const stages = shapes.flatMap((seconds, nth) =>
          [1, 2, 3].map((seed) => {
            const stage = known.stage(seconds, seed, `shape ${nth}`);
            return fuse ? stage : { ...stage, runner: aloneRunner };
          }),
        );
        const room = { cards: 1, perCard: 2, expected: known.of };
        const { calls } = play(stages, room, known.of);
        const took = calls.map((call) => known.of(call.stages[0]!.record.fingerprint)!);
        expect(took).toEqual([...took].sort((a, b) => b - a));
        expect(calls.flatMap((call) => call.stages)).toHaveLength(stages.length);
      }),
      { numRuns: 100 },
    );
  });

  it("by what its next call holds, not by one stage of it", () => {
    const known = new Lengths();
    const one = known.stage(100, 1, "one long");
    const many = Array.from({ length: 40 }, (_, seed) => known.stage(10, seed, "many short"));
    const room = { cards: 1, perCard: 1, expected: known.of };
    const { calls } = play([one, ...many], room, known.of);
    // 32 of 10 s, then the one of 100 s, then 8 of 10 s.
    expect(calls.map(({ stages }) => stages.length)).toEqual([32, 1, 8]);
  });

  it("after those of which nothing is known, which keep their order", () => {
    const known = new Lengths();
    const stages = [
      known.stage(5, 1, "short"),
      known.stage(null, 1, "first unknown"),
      known.stage(50, 1, "long"),
      known.stage(null, 1, "second unknown"),
    ];
    const room = { cards: 1, perCard: 1 };
    const order = (expected?: Lengths["of"]): string[] =>
      labels(play(stages, { ...room, ...(expected && { expected }) }, known.of).calls);
    expect(order(known.of)).toEqual(["first unknown", "second unknown", "long", "short"]);
    // Where nothing is known of any, the order in which they came.
    expect(order()).toEqual(["short", "first unknown", "long", "second unknown"]);
  });

  it("also where it came later, or is tried again", () => {
    const known = new Lengths();
    const ready = new ReadyStages(1, 1, known.of);
    const started: string[] = [];
    let room = 1;
    const start = (): void =>
      ready.offer(({ queue }) => {
        if (room === 0) return "no room";
        room -= 1;
        started.push(queue.shift()!.record.label);
        return "started";
      });
    const again = known.stage(9, 1, "middle");
    for (const one of [known.stage(1, 1, "short"), again]) ready.add(one);
    start();
    ready.add(known.stage(20, 1, "long"));
    ready.limit(again.record.fingerprint, 1);
    ready.add(again);
    for (room = 1; !ready.empty; room = 1) start();
    expect(started).toEqual(["middle 1", "long 1", "middle 1", "short 1"]);
  });

  it("and not where there are no cards", () => {
    const known = new Lengths();
    const ready = new ReadyStages(4, 0, (stage) => {
      throw new Error(`nobody asks for ${stage}`);
    });
    const shapes = ["short", "long", "middle"];
    for (const [nth, shape] of shapes.entries()) ready.add(known.stage(nth, 1, shape));
    const started: string[] = [];
    ready.offer(({ queue }) => {
      started.push(String(queue.shift()!.record.params["shape"]));
      return "started";
    });
    expect(started).toEqual(shapes);
  });
});

describe("stages that take whole cards", () => {
  it("have their turns where they had them, however long the cells are", () => {
    const known = new Lengths();
    const large = [1, 2, 3].map((seed) => {
      const stage = known.stage(30, seed, "large", { gpus: 2 });
      return { ...stage, runner: aloneRunner };
    });
    // In places of cells: how many of these started before each.
    const order = (before: number, expected?: Lengths["of"]): number[] => {
      // Only their order differs: all take almost as long.
      const cells = Array.from({ length: 60 }, (_, nth) =>
        known.stage(100 + ((nth * 37) % 60) / 1e6, nth, `cell ${nth}`),
      );
      const all = [...cells.slice(0, before), ...large, ...cells.slice(before)];
      const room = { cards: 2, perCard: 2, ...(expected && { expected }) };
      const shapes = labels(play(all, room, known.of).calls);
      return shapes.flatMap((shape, place) => (shape === "large" ? [place] : []));
    };
    expect(order(0, known.of)[0]).toBe(0);
    for (const before of [0, 1, 2, 20, 60]) {
      const places = order(before, known.of);
      expect(places).toEqual(order(before));
      // Cells run between any two of them, and none comes last.
      for (const [nth, place] of places.entries()) {
        if (nth > 0) expect(place - places[nth - 1]!).toBeGreaterThan(1);
      }
      expect(places).toHaveLength(3);
      expect(places[2]).toBeLessThan(50);
    }
  });
});

describe("the end of a sweep on two cards", () => {
  // From a second to some ten minutes, as shapes differ.
  const seconds = fc.noBias(fc.integer({ min: 0, max: 64_000 })).map((log) => Math.exp(log / 1e4));
  const sizes = fc.array(seconds, { minLength: 25, maxLength: 80, size: "max" });

  it("is at most a third later than any order could have it, and earlier than by order of arrival", () => {
    let longest = 0;
    let arrival = 0;
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 12 }), (drawn, perCard) => {
        const known = new Lengths();
        const stages = drawn.map((seconds, nth) => known.stage(seconds, nth, `shape ${nth}`));
        const room = { cards: 2, perCard };
        const first = play(stages, { ...room, expected: known.of }, known.of);
        const best = shortest(drawn, 2 * perCard);
        expect(first.ended).toBeLessThanOrEqual((4 / 3) * best + 1e-6);
        longest += first.ended / best;
        arrival += play(stages, room, known.of).ended / best;
      }),
      { numRuns: 200, seed: 1 },
    );
    expect(longest / 200).toBeLessThan(1.05);
    expect(arrival / 200).toBeGreaterThan(1.1);
  });

  it("comes on both at the same time: each gets long and short ones", () => {
    fc.assert(
      fc.property(sizes, (drawn) => {
        const known = new Lengths();
        const stages = drawn.map((seconds, nth) => known.stage(seconds, nth, `shape ${nth}`));
        const room = { cards: 2, perCard: 12, expected: known.of };
        const { calls } = play(stages, room, known.of);
        const work = [0, 0];
        for (const { card, stages: some, began } of calls) {
          if (began === 0) work[card]! += known.of(some[0]!.record.fingerprint)!;
        }
        // They are dealt out one after another, so the cards differ by one call at most.
        expect(Math.abs(work[0]! - work[1]!)).toBeLessThanOrEqual(Math.max(...drawn));
      }),
      { numRuns: 50 },
    );
  });
});

it("jobs of an array that take longest come first", () => {
  const known = new Lengths();
  const stages = [3, 1, 4, 5, 2].map((seconds, nth) => known.stage(seconds, nth, `shape ${nth}`));
  const cluster = {
    limit: 2,
    jobs: () => ({ gpus: null, cpus: null, memory: null, pack: 1 }),
  } as unknown as Parameters<typeof packStages>[1];
  const lessons = { limits: new Map(), cardParts: new Map(), memories: new Map() };
  const order = (expected: Lengths["of"]): number[] =>
    packStages(stages, cluster, 4, () => [], lessons, expected)
      .flatMap(({ tasks }) => tasks.flat())
      .map((call) => known.of(call.stages[0]!.record.fingerprint)!);
  expect(order(known.of)).toEqual([5, 4, 3, 2, 1]);
  expect(order(() => null)).toEqual([3, 1, 4, 5, 2]);
});
