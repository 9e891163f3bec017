import { describe, expect, it } from "vitest";
import { ReadyStages } from "../../../src/execute/ready.js";
import type { Share } from "../../../src/execute/slots.js";
import { Slots } from "../../../src/execute/slots.js";
import type { PlannedStage } from "../../../src/plan/index.js";
import { aloneRunner, readyStage as stage } from "../../support/ready-stage.js";

describe("slots", () => {
  it("spread shares over the cards before they crowd one", () => {
    const slots = new Slots(8, [0, 1]);
    const quarter = { cpus: 1, gpus: 0.25 };
    const cards = Array.from({ length: 8 }, () => slots.take(quarter, null)?.gpus[0]);
    expect(cards).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expect(slots.take(quarter, null)).toBeNull();
  });

  it("give whole cards only where nobody has a share of them", () => {
    const slots = new Slots(8, [0, 1]);
    const part = slots.take({ cpus: 1, gpus: 0.5 }, null)!;
    expect(slots.take({ cpus: 1, gpus: 2 }, null)).toBeNull();
    expect(slots.take({ cpus: 1, gpus: 1 }, null)!.gpus).toEqual([1]);
    slots.release(part);
    expect(slots.take({ cpus: 1, gpus: 1 }, null)!.gpus).toEqual([0]);
  });

  it("keep a pinned stage on its card", () => {
    const slots = new Slots(8, [0, 1]);
    expect(slots.take({ cpus: 1, gpus: 1 }, 1)!.gpus).toEqual([1]);
    expect(slots.take({ cpus: 1, gpus: 0.5 }, 1)).toBeNull();
    expect(slots.take({ cpus: 1, gpus: 0.5 }, null)!.gpus).toEqual([0]);
  });

  it("give no more than the machine has, and no card where it has none", () => {
    const slots = new Slots(2, []);
    const share = slots.take({ cpus: 16, gpus: 4 }, 3)!;
    expect(share).toEqual({ cpus: 2, gpus: [], gpuShare: 0 });
    expect(slots.take({ cpus: 1, gpus: 0 }, null)).toBeNull();
    slots.release(share);
    expect(slots.take({ cpus: 1, gpus: 0 }, null)).not.toBeNull();
    expect(new Slots(4, [0, 1]).take({ cpus: 1, gpus: 8 }, null)!.gpus).toEqual([0, 1]);
  });

  it("come back whole after shares that do not add up in binary", () => {
    const slots = new Slots(8, [0]);
    const third = { cpus: 1, gpus: 1 / 3 };
    for (let round = 0; round < 50; round++) {
      const shares = [0, 1, 2].map(() => slots.take(third, null)!);
      expect(slots.take(third, null)).toBeNull();
      for (const share of shares) slots.release(share);
    }
    expect(slots.take({ cpus: 1, gpus: 1 }, null)).not.toBeNull();
  });
});

describe("slots for stages that say how much memory they need", () => {
  const sizes = [80_000, 40_000, null];
  const slotsOf = (...cards: readonly number[]): Slots =>
    new Slots(64, cards, { memory: (gpu) => sizes[gpu]! });
  const wanted = (gpuMemory: number) => ({ cpus: 1, gpus: 1, gpuMemory });

  it("give the part of a card that this is of its memory", () => {
    const slots = slotsOf(0);
    expect(slots.take(wanted(30_000), null)).toEqual({ cpus: 1, gpus: [0], gpuShare: 0.375 });
    expect(slots.take({ cpus: 1, gpus: 0.6 }, null)?.gpuShare).toBe(0.6);
    expect(slots.take(wanted(4000), null)).toBeNull();
    expect(slots.take(wanted(2000), null)?.gpuShare).toBe(0.025);
  });

  it("give cards that are large enough, and of each the part that it is there", () => {
    const slots = slotsOf(0, 1);
    expect(slots.take(wanted(60_000), null)).toMatchObject({ gpus: [0], gpuShare: 0.75 });
    expect(slots.take(wanted(20_000), null)).toMatchObject({ gpus: [1], gpuShare: 0.5 });
    expect(slots.take(wanted(20_000), null)).toMatchObject({ gpus: [1], gpuShare: 0.5 });
    expect(slots.take(wanted(20_000), null)).toMatchObject({ gpus: [0], gpuShare: 0.25 });
    expect(slots.take(wanted(1000), null)).toBeNull();
    expect(slotsOf(2, 0).take(wanted(20_000), 0)?.gpuShare).toBe(0.25);
    expect(slotsOf(0, 1).isHopeless({ wanted: wanted(80_001), gpu: null })).toBe(true);
    expect(slotsOf(0, 1).isHopeless({ wanted: wanted(80_000), gpu: null })).toBe(false);
  });

  it("give a whole card where nobody knows its memory, and none where there is none", () => {
    expect(slotsOf(2).take(wanted(1000), null)).toMatchObject({ gpus: [2], gpuShare: 1 });
    expect(slotsOf().take(wanted(1000), null)).toEqual({ cpus: 1, gpus: [], gpuShare: 0 });
    expect(slotsOf().isHopeless({ wanted: wanted(1000), gpu: null })).toBe(false);
  });
});

describe("ready stages", () => {
  it("of equal fusion keys, cards and needs stand together, and share a card as the spec says", () => {
    const ready = new ReadyStages(4, 1);
    for (const seed of [1, 2, 3]) ready.add(stage(seed, "din"));
    ready.add(stage(4, "din", { gpu: 1 }));
    ready.add(stage(5, "dcn"));
    const seen: [number, number | null, number][] = [];
    ready.offer(({ queue, gpu, wanted }) => {
      seen.push([queue.splice(0).length, gpu, wanted.gpus]);
      return "started";
    });
    expect(seen).toEqual([
      [3, null, 0.25],
      [1, 1, 0.25],
      [1, null, 0.25],
    ]);
    expect(ready.empty).toBe(true);
  });

  it("of one shape follow each other in one process where there are no cards", () => {
    const ready = new ReadyStages(4, 0);
    for (const shape of ["din", "dcn", "fm"]) {
      for (const seed of [1, 2, 3]) ready.add(stage(seed, shape));
    }
    // Two cores; the fast process is done twice as often as the slow one.
    const ran: Record<string, string[]> = { fast: [], slow: [] };
    const runs: Record<string, Parameters<ReadyStages["over"]>[0] | null> = {
      fast: null,
      slow: null,
    };
    const start = (): void =>
      ready.offer((bucket) => {
        const free = Object.keys(runs).find((name) => runs[name] === null);
        if (free === undefined) return "no room";
        bucket.queue.shift();
        ran[free]!.push((JSON.parse(bucket.key) as string[])[3]!);
        runs[free] = bucket;
        return "started";
      });
    start();
    for (const done of ["fast", "fast", "slow", "fast", "fast", "slow", "fast"]) {
      ready.over(runs[done]!);
      runs[done] = null;
      start();
    }
    expect(ran).toEqual({
      fast: ["din", "din", "din", "fm", "fm", "fm"],
      slow: ["dcn", "dcn", "dcn"],
    });
    expect(ready.empty).toBe(true);
  });

  it("that others may wait for go before cells where there are no cards", () => {
    const ready = new ReadyStages(4, 0);
    ready.add(stage(1, "din"));
    ready.add({ ...stage(2, "data"), runner: aloneRunner });
    const seen: number[] = [];
    ready.offer(({ queue }) => {
      seen.push(Number(queue.shift()!.record.params["seed"]));
      return "started";
    });
    expect(seen).toEqual([2, 1]);
  });

  it.each([1, 2, 3, 4, 5, 8])(
    "of cells: exactly %i share a card, whatever a runner asks for",
    (n) => {
      for (const gpus of [1, 0.5, 0.25, 0.1]) {
        const slots = new Slots(64, [0]);
        const ready = new ReadyStages(n, 1);
        for (let seed = 1; seed <= 20; seed++) ready.add(stage(seed, String(seed), { gpus }));
        let started = 0;
        ready.offer(({ queue, gpu, wanted }) => {
          if (slots.take(wanted, gpu) === null) return "no room";
          queue.shift();
          started += 1;
          return "started";
        });
        expect(started, `stages that ask for ${gpus} of a card`).toBe(n);
      }
    },
  );

  it("of one shape spread over the cards, unless other shapes are there for these", () => {
    const sizes = (shapes: number, places: number): number[] => {
      const ready = new ReadyStages(4, 4);
      for (let shape = 1; shape <= shapes; shape++) {
        for (let seed = 1; seed <= 24; seed++) ready.add(stage(seed, `shape ${shape}`));
      }
      const seen: number[] = [];
      ready.offer((bucket) => {
        seen.push(bucket.queue.splice(0, ready.callSize(bucket, places)).length);
        return "started";
      });
      return seen;
    };
    expect(sizes(1, 1)).toEqual([24]);
    expect(sizes(1, 4).slice(0, 2)).toEqual([6, 5]);
    expect(sizes(4, 4).slice(0, 1)).toEqual([24]);
    expect(sizes(2, 4).slice(0, 1)).toEqual([12]);
  });

  it("of one shape make equal calls on the cards that nobody uses, and one call where all compute", () => {
    const sizes = (shapes: number, used: boolean): number[] => {
      const slots = new Slots(64, [0, 1, 2, 3]);
      if (used) for (const gpu of slots.gpus) slots.take({ cpus: 1, gpus: 0.25 }, gpu);
      const ready = new ReadyStages(4, 4);
      for (let shape = 1; shape <= shapes; shape++) {
        for (let seed = 1; seed <= 24; seed++) ready.add(stage(seed, `shape ${shape}`));
      }
      const seen: number[] = [];
      ready.offer((bucket) => {
        const { queue, gpu, wanted } = bucket;
        if (slots.take(wanted, gpu) === null) return "no room";
        seen.push(queue.splice(0, ready.callSize(bucket, slots.places(wanted, gpu))).length);
        return "started";
      });
      return seen;
    };
    expect(sizes(1, false)).toEqual([6, 6, 6, 6]);
    expect(sizes(2, false)).toEqual([12, 12, 12, 12]);
    expect(sizes(5, false)).toEqual([24, 24, 24, 24, 24]);
    expect(sizes(1, true)).toEqual([24]);
  });

  /** Runs small stages, each until the room of the oldest is needed, beside others; gives who started. */
  const play = (
    cards: number,
    waiting: readonly PlannedStage[],
    smalls = 100,
    small: Parameters<typeof stage>[2] = {},
  ): PlannedStage[] => {
    const slots = new Slots(64, [...Array(cards).keys()], { memory: () => 80_000 });
    const ready = new ReadyStages(4, cards);
    for (let seed = 1; seed <= smalls; seed++) ready.add(stage(seed, "small", small));
    for (const one of waiting) ready.add(one);
    const running: Share[] = [];
    const started: PlannedStage[] = [];
    for (;;) {
      ready.offer(({ queue, gpu, wanted }, behind) => {
        const share = slots.take(wanted, gpu, { behind });
        if (share === null) return "no room";
        running.push(share);
        started.push(queue.shift()!);
        return "started";
      });
      if (ready.empty) return started;
      slots.release(running.shift()!);
    }
  };

  it("are not passed over for ever by others that need less", () => {
    const large = stage(0, "large", { gpus: 2 });
    expect(play(2, [large]).indexOf(large)).toBeLessThan(30);
    const whole = stage(0, "pinned", { gpu: 1, gpus: 2 });
    expect(play(3, [whole]).indexOf(whole)).toBeLessThan(40);
    // A whole card is more than an amount of memory, and more memory is more.
    const oneCard = { ...stage(0, "whole"), cells: [] };
    const most = stage(0, "most", { memory: 60_000 });
    for (const one of [oneCard, most]) {
      expect(play(1, [one], 100, { memory: 20_000 }).indexOf(one)).toBeLessThan(30);
    }
  });

  it("of several cards and of parts of one take turns", () => {
    const large = [1, 2, 3, 4].map((seed) => stage(seed, "large", { gpus: 2 }));
    const started = play(2, large);
    const places = large.map((one) => started.indexOf(one));
    // Small ones run between any two of them, and none comes last.
    for (const [nth, place] of places.entries()) {
      expect(place - (places[nth - 1] ?? 0)).toBeGreaterThan(1);
    }
    expect(places.at(-1)).toBeLessThan(100);
  });

  it("leave to one that waits for two cards just these, and go on on the others", () => {
    const slots = new Slots(64, [0, 1, 2, 3]);
    const cells = [0, 1, 2, 3].map(() => slots.take({ cpus: 1, gpus: 0.5 }, null)!);
    const behind = [{ wanted: { cpus: 1, gpus: 2 }, gpu: null }];
    slots.release(cells[3]!);
    // Cards 3 and 0 are the emptiest: they are gathered.
    expect(slots.take({ cpus: 1, gpus: 0.5 }, null, { behind })!.gpus).toEqual([1]);
    expect(slots.take({ cpus: 1, gpus: 0.5 }, null, { behind })!.gpus).toEqual([2]);
    expect(slots.take({ cpus: 1, gpus: 0.5 }, null, { behind })).toBeNull();
    slots.release(cells[0]!);
    expect(slots.take({ cpus: 1, gpus: 2 }, null)!.gpus).toEqual([0, 3]);
  });

  it("leave it the cores that it lacks, once its cards are there", () => {
    const slots = new Slots(4, [0]);
    const other = slots.take({ cpus: 1, gpus: 0 }, null)!;
    const behind = [{ wanted: { cpus: 4, gpus: 1 }, gpu: null }];
    expect(slots.take({ cpus: 1, gpus: 0 }, null, { behind })).toBeNull();
    slots.release(other);
    expect(slots.take({ cpus: 4, gpus: 1 }, null)).not.toBeNull();
  });

  it("that wait for a certain card keep nobody from the others", () => {
    const slots = new Slots(64, [0, 1]);
    slots.take({ cpus: 1, gpus: 0.5 }, 0);
    const behind = [{ wanted: { cpus: 1, gpus: 1 }, gpu: 0 }];
    expect(slots.take({ cpus: 1, gpus: 0.5 }, null, { behind })!.gpus).toEqual([1]);
    expect(slots.take({ cpus: 1, gpus: 0.5 }, 0, { behind })).toBeNull();
  });
});

describe("cards that are parts of one, or out", () => {
  it("are not given to a group that computes on several", () => {
    const slots = new Slots(8, [0, 1, 2], { instances: new Set([0, 1]) });
    expect(slots.take({ cpus: 1, gpus: 2 }, null)).toBeNull();
    expect(slots.take({ cpus: 1, gpus: 1 }, null)!.gpus).toEqual([0]);
  });

  it("are given to nobody, and hold nobody who was to run there", () => {
    const slots = new Slots(8, [0, 1]);
    slots.takeOut(0);
    expect(slots.take({ cpus: 1, gpus: 0.5 }, null)!.gpus).toEqual([1]);
    expect(slots.take({ cpus: 1, gpus: 0.5 }, 0)!.gpus).toEqual([1]);
    slots.takeOut(1);
    expect(slots.take({ cpus: 1, gpus: 0.5 }, null)).toBeNull();
  });
});
