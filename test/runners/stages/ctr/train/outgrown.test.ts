import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { JsonObject } from "../../../../../src/base/json.js";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { loadCtrData, shapeOf, type CtrData } from "../../../../../runners/stages/ctr/data/load.js";
import { cpu } from "../../../../../runners/stages/ctr/device.js";
import { EpochTrainer } from "../../../../../runners/stages/ctr/train/epoch.js";
import { epochSamples } from "../../../../../runners/stages/ctr/train/epoch-samples.js";
import { trainGroup } from "../../../../../runners/stages/ctr/train/group.js";
import { epochOrder } from "../../../../../runners/stages/ctr/train/order.js";
import type { DistinctSizes } from "../../../../../runners/stages/ctr/train/room.js";
import { takeSpare } from "../../../../../runners/stages/ctr/train/spare.js";
import { small, writeDataset, writeKnowledge } from "./dataset.js";
import { Scratch, stageOf, TestTask } from "./task.js";

// Tracing and compiling take minutes where the cores are taken.
vi.setConfig({ testTimeout: 240_000 });

const scratch = new Scratch();
const folders = { dataset: join(scratch.path, "dataset"), embed: join(scratch.path, "embed") };
const made = vi.spyOn(EpochTrainer, "create");
const begun = vi.spyOn(EpochTrainer.prototype, "begin");
const batchSize = 100;
let data: CtrData;

const stage = (seed: number, ctr: JsonObject): ReturnType<typeof stageOf> =>
  stageOf({
    ...{ backbone: "dcn", knowledge: true, seed },
    ctr: { batch_size: batchSize, epochs: 3, patience: 3, mlp: [16, 8], ...ctr },
  });

beforeAll(async () => {
  await writeDataset(folders.dataset, small);
  await writeKnowledge(folders.embed, small, 16);
  data = await loadCtrData(folders, stage(1, {}).params);
});
afterEach(async () => {
  await takeSpare("none is named so");
  vi.clearAllMocks();
});
afterAll(() => scratch.remove());

/** Trains cells of these seeds as one group with this room. */
async function train(
  seeds: readonly number[],
  ctr: JsonObject,
  room: DistinctSizes | null,
): Promise<TestTask[]> {
  const tasks = seeds.map(
    (seed) => new TestTask(stage(seed, ctr), folders, scratch.folder(), scratch.folder()),
  );
  const shape = shapeOf(tasks[0]!.params, data, undefined);
  await trainGroup(cpu, { tasks, data, shape, buildModel }, () => room);
  return tasks;
}

/** The most different users in a batch of an epoch. */
const mostUsers = (seed: number, epoch: number): number => {
  const order = epochOrder(data.train, seed, epoch);
  for (let users = 1; ; users++) {
    const layout = { batchSize, filled: false, floats: false, room: { users, items: batchSize } };
    const { distinct } = epochSamples([order], layout, data.dataset);
    if (distinct!.fits.every(Boolean)) return users;
  }
};

function expectAlike(found: readonly TestTask[], usual: readonly TestTask[]): void {
  found.forEach((task, i) => {
    const steps = task.events.flatMap((event) => (event.type === "metrics" ? [event.step] : []));
    expect(steps).toEqual([1, 2, 3]);
    const close = (name: string, digits: number): void => {
      const [values, expected] = [task.curve(name), usual[i]!.curve(name)];
      expect(expected.length).toBe(3);
      values.forEach((value, epoch) => expect(value).toBeCloseTo(expected[epoch]!, digits));
    };
    close("train.loss", 4);
    close("learning_rate", 10);
    // Two scores that change places move it by a step.
    close("valid.auc", 3);
    const auc = (of: TestTask): number => of.published!.metrics["test.auc"]!;
    expect(auc(task)).toBeCloseTo(auc(usual[i]!), 3);
  });
}

/** The room of each trainer that was made. */
const rooms = (): (DistinctSizes | null)[] => made.mock.calls.map(([{ distinct }]) => distinct);

describe("where an epoch has a batch without room, the trainer is made anew, with room for all", () => {
  it("in the midst of a run that XLA compiles", async () => {
    const seeds = [1, 2];
    const most = [0, 1, 2].map((epoch) => Math.max(...seeds.map((seed) => mostUsers(seed, epoch))));
    const later = most.findIndex((users) => users > most[0]!);
    expect(later).toBeGreaterThan(0);
    const room = { users: most[0]!, items: batchSize };
    const found = await train(seeds, { xla: true }, room);
    expect(rooms()).toEqual([room, null]);
    expect(begun).toHaveBeenCalledTimes(3);
    expectAlike(found, await train(seeds, { xla: false }, null));
  });

  // Without a graph, so that nothing is compiled.
  it("before the first epoch", async () => {
    const eager = { xla: true, engine: "eager" };
    const room = { users: 8, items: 8 };
    const found = await train([1], eager, room);
    expect(rooms()).toEqual([room, null]);
    expect(begun).toHaveBeenCalledTimes(3);
    expectAlike(found, await train([1], { xla: false }, null));
  });
});
