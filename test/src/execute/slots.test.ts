import { describe, expect, it } from "vitest";
import { ReadyStages } from "../../../src/execute/ready.js";
import { Slots } from "../../../src/execute/slots.js";
import { cellIdOf, fingerprintOf } from "../../../src/base/fingerprint.js";
import type { PlannedStage } from "../../../src/plan/index.js";
import type { Runner } from "../../../src/contract/runner.js";

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

describe("ready stages", () => {
  const runner: Runner = {
    name: "model",
    version: 1,
    toolchain: () => [],
    resources: (params) => ({ cpus: 1, gpus: Number(params["gpus"]) }),
    fusion: (params) => ({ key: String(params["shape"]), limit: 32 }),
    load: () => Promise.reject(new Error("not here")),
  };
  const stage = (
    seed: number,
    shape: string,
    { gpu = null, gpus = 1 }: { gpu?: number | null; gpus?: number } = {},
  ): PlannedStage => {
    const params = { seed, shape, gpus };
    const identity = { runner: "model", version: 1, params, inputs: {}, files: {} };
    const record = { ...identity, fingerprint: fingerprintOf(identity), label: `${shape} ${seed}` };
    const cells = gpus <= 1 ? [cellIdOf(params)] : [];
    return { record, runner, execution: { gpu }, files: {}, needs: [], cells };
  };

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

  const startedBeside = (waiting: PlannedStage): number => {
    const ready = new ReadyStages(1, 1);
    ready.add(waiting);
    for (let seed = 1; seed <= 100; seed++) ready.add(stage(seed, "small"));
    let started = 0;
    ready.offer(({ queue }) => {
      if (queue[0] === waiting) return "no room";
      queue.shift();
      started += 1;
      return "started";
    });
    return started;
  };

  it("are not passed over for ever by others that need less", () => {
    expect(startedBeside(stage(0, "large", { gpus: 2 }))).toBeLessThan(20);
  });

  it("that wait for a certain card keep nobody from the others", () => {
    expect(startedBeside(stage(0, "pinned", { gpu: 0 }))).toBe(100);
  });
});
