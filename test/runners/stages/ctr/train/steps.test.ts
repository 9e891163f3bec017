import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { cpu, type Device } from "../../../../../runners/stages/ctr/device.js";
import { allRewrites, rewritesWithout } from "../../../../../runners/stages/ctr/rewrites/index.js";
import { backbones } from "../../../../../runners/stages/ctr/backbones/index.js";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { makeColumns } from "../../../../../runners/stages/ctr/data/columns.js";
import { positionsOf } from "../../../../../runners/stages/ctr/data/interactions.js";
import { loadCtrData, shapeOf, type CtrData } from "../../../../../runners/stages/ctr/data/load.js";
import { epochSamples } from "../../../../../runners/stages/ctr/train/epoch-samples.js";
import { epochOrder } from "../../../../../runners/stages/ctr/train/order.js";
import { EpochTrainer } from "../../../../../runners/stages/ctr/train/epoch.js";
import { distinctSizes, type DistinctSizes } from "../../../../../runners/stages/ctr/train/room.js";
import { seenUsers } from "../../../../../runners/stages/ctr/data/seen.js";
import { small, writeDataset, writeKnowledge } from "./dataset.js";
import { Scratch, stageOf } from "./task.js";

const scratch = new Scratch();
const folders = { dataset: join(scratch.path, "dataset"), embed: join(scratch.path, "embed") };
let data: CtrData;
const { params } = stageOf({ backbone: "din", knowledge: true });

beforeAll(async () => {
  await writeDataset(folders.dataset, small);
  await writeKnowledge(folders.embed, small, 16);
  data = await loadCtrData(folders, params);
});
afterAll(() => scratch.remove());

/** The processor, with whole numbers kept as a card has them. */
const asOnCard: Device = { ...cpu, wholeNumbersAsFloats: true };

interface Way {
  readonly distinct: DistinctSizes | null;
  readonly pieces: number;
}

/** A trainer of one replica or more, and the columns that it reads. */
async function trainerOf(
  backbone: string,
  way: Way,
  {
    replicas = 1,
    engine = "graph" as "graph" | "eager",
    dropout = 0,
    rewrites = allRewrites,
    id = false,
    xla = false,
    samples = data.train.length,
    batchSize = 100,
    device = cpu,
    width = params.embedding_dim,
    options = {},
  } = {},
) {
  const interactions = { ...data.dataset, position: positionsOf(data.dataset) };
  const columns = makeColumns(device, interactions, data.knowledge);
  const of = { ...params, backbone, options, user_id: id, embedding_dim: width };
  const trainer = await EpochTrainer.create({
    device: cpu,
    rewrites,
    shape: shapeOf(of, data, undefined),
    buildModel,
    columns,
    batchSize,
    samples,
    seenUsers: seenUsers(data),
    scoreBatch: 64,
    pieceSize: 64,
    ...way,
    replicas: Array.from({ length: replicas }, (_, i) => ({
      seed: i + 1,
      dropout,
      weightDecay: 0.01,
      clipNorm: 1,
      rate: { peak: 1e-3, steps: 1000, warmup: 0, schedule: "constant" },
    })),
    fullHistory: data.fullHistory,
    engine,
    xla,
    sameStep: true,
  });
  return { trainer, columns };
}

/** Loss and parameters after an epoch of two replicas, or one. */
async function epoch(
  backbone: string,
  way: Way,
  how: Parameters<typeof trainerOf>[2] = {},
): Promise<{
  readonly losses: number[];
  readonly parameters: Float32Array[];
  readonly scores: Float32Array;
  readonly functions: readonly string[];
}> {
  const { trainer, columns } = await trainerOf(backbone, way, how);
  const { replicas = 1, samples = data.train.length } = how;
  const orders = Array.from({ length: replicas }, (_, i) =>
    epochOrder(data.train, i + 1, 0).subarray(0, samples),
  );
  trainer.begin(epochSamples(orders, trainer.layout, data.dataset));
  const called = vi.spyOn(trainer.session, "run");
  for (let done = 0; done < trainer.stepsPerEpoch;) done += trainer.advance(done);
  const losses = trainer.losses();
  trainer.keep();
  const parameters = trainer.session.read(
    trainer.model.parameters.map(({ variable }) => variable),
  ) as Float32Array[];
  const [scores] = trainer.score(data.test.rows);
  const functions = called.mock.calls.map(([name]) => name);
  trainer.dispose();
  columns.dispose();
  return { losses, parameters, scores: scores!, functions };
}

function expectClose(
  one: Awaited<ReturnType<typeof epoch>>,
  other: Awaited<ReturnType<typeof epoch>>,
): void {
  one.losses.forEach((loss, i) => expect(loss).toBeCloseTo(other.losses[i]!, 5));
  one.parameters.forEach((values, i) => {
    // An epoch of Adam takes a rounding error as far as the learning rate where a gradient is about 0.
    expect(furthest(values, other.parameters[i]!)).toBeLessThan(2e-3);
  });
}

const furthest = (one: Float32Array, other: Float32Array): number =>
  one.reduce((most, x, i) => Math.max(most, Math.abs(x - other[i]!)), 0);

const plain = { distinct: null, pieces: 1 };

describe("an epoch trains to the same parameters", () => {
  it.each(["din", "autoint", "dcnv2", "gru4rec"])("of %s in two pieces", async (backbone) => {
    expectClose(await epoch(backbone, { distinct: null, pieces: 2 }), await epoch(backbone, plain));
  });

  // About 57 of 80 users and 49 of 60 items are in a batch of 100: some batches have room, some not.
  it.each([
    [1, "a processor", cpu],
    [2, "a card", asOnCard],
  ])(
    "with each different user and item adapted once, replicas: %i, numbers as on %s",
    async (replicas, _, device) => {
      const distinct = { users: 58, items: 51 };
      const usual = await epoch("dcnv2", plain, { replicas });
      for (const pieces of [1, 2]) {
        const found = await epoch("dcnv2", { distinct, pieces }, { replicas, device });
        expectClose(found, usual);
        expect(found.functions).toEqual(expect.arrayContaining(["narrow_step", "step"]));
      }
    },
  );

  // "operation by operation" below compares with Adam's kernel: that session has none.
  it.each(["pieces", "distinct-ids", "adapt-once"])("without the rewrite %s", async (name) => {
    const way = { distinct: { users: 80, items: 60 }, pieces: 2 };
    const usual = await epoch("dcnv2", way);
    const without = await epoch("dcnv2", way, { rewrites: rewritesWithout([name]) });
    expectClose(without, usual);
    without.scores.forEach((score, i) => expect(score).toBeCloseTo(usual.scores[i]!, 3));
    expect(usual.functions).toContain("adapt");
    expect(without.functions.includes("adapt")).toBe(name !== "adapt-once");
  });

  it("without any rewrite, the embedding as wide as the adaptor or not", async () => {
    const way = { distinct: { users: 80, items: 60 }, pieces: 2 };
    for (const width of [params.adaptor!.layers!.at(-1)!, 6]) {
      const without = await epoch("xdeepfm", way, { rewrites: new Set(), width });
      expectClose(without, await epoch("xdeepfm", way, { width }));
    }
  });

  it("operation by operation", async () => {
    const way = { distinct: { users: 80, items: 60 }, pieces: 2 };
    expectClose(await epoch("din", way, { engine: "eager" }), await epoch("din", plain));
  });

  // 7 and 8 whole batches and a rest, which is filled up: XLA takes them in one loop, whose count is odd or even.
  it.each([
    ["din", 750, true],
    ["din", 850, true],
    ["dcnv2", 750, true],
    ["dcnv2", 850, false],
  ])(
    "compiled by XLA, of %s over %i samples, each user and item adapted once: %s",
    async (backbone, samples, once) => {
      const usual = await epoch(backbone, plain, { id: true, samples, replicas: 2 });
      const device = once ? asOnCard : cpu;
      const distinct = once ? distinctSizes(data.dataset, data.train, 100, 6)! : null;
      const compiled = { id: true, samples, replicas: 2, xla: true, device };
      const found = await epoch(backbone, { distinct, pieces: 1 }, compiled);
      expectClose(found, usual);
      expect(found.functions.slice(0, 2)).toEqual(["steps", "fill_unseen"]);
    },
    240_000,
  );

  it.each(Object.keys(backbones))("with the last batch filled up, of %s", async (backbone) => {
    const shorter = rewritesWithout(["filled-batch"]);
    // 50 samples are left, or three. Of two, Dice's gradient is rounding alone, which Adam enlarges.
    for (const [samples, dropout] of [
      [150, 0],
      [203, 0.3],
    ] as const) {
      const way = { distinct: { users: 80, items: 60 }, pieces: 1 };
      const how = { xla: true, engine: "eager" as const, samples, dropout, replicas: 2 };
      const usual = await epoch(backbone, way, { ...how, rewrites: shorter });
      const filled = await epoch(backbone, way, how);
      expect(usual.functions).toContain("last_step");
      expect(filled.functions).not.toContain("last_step");
      filled.losses.forEach((loss, i) => expect(loss).toBeCloseTo(usual.losses[i]!, 6));
      const apart = filled.parameters.map((values, i) => furthest(values, usual.parameters[i]!));
      expect(Math.max(...apart, furthest(filled.scores, usual.scores))).toBeLessThan(2e-6);
    }
  });

  it("with whole batches where samples attend to each other", async () => {
    const options = { item_attention: "batch" };
    const whole = await epoch("gru4rec", plain, { options });
    // In halves, the parameters would be some thousandths apart.
    const found = await epoch("gru4rec", { distinct: null, pieces: 2 }, { options });
    const apart = found.parameters.map((values, i) => furthest(values, whole.parameters[i]!));
    expect(Math.max(...apart)).toBeLessThan(1e-4);
    const how = { xla: true, engine: "eager" as const, samples: 250, options };
    const compiled = await epoch("gru4rec", plain, how);
    expect(compiled.functions.slice(0, 2)).toEqual(["steps", "last_step"]);
  });

  // One sample has no statistics; 521 batches are a prime number of them, so that no loop takes all.
  it.each([
    [203, 100, true],
    [201, 100, false],
    [200, 100, false],
    [99, 100, false],
    [520 * 3 + 2, 3, false],
    [519 * 3 + 2, 3, true],
  ])("of %i samples by %i, the last batch filled up: %s", async (samples, batchSize, filled) => {
    const how = { xla: true, engine: "eager" as const, samples, batchSize };
    const { trainer, columns } = await trainerOf("deepfm", plain, how);
    expect(trainer.layout.filled).toBe(filled);
    trainer.dispose();
    columns.dispose();
  });

  it.each([
    ["of two replicas, each user and item adapted once, in two pieces", { replicas: 2 }],
    ["operation by operation", { engine: "eager" as const }],
  ])("with an embedding of users, %s", async (_, how) => {
    const replicas = "replicas" in how ? how.replicas : 1;
    const way = { distinct: { users: 58, items: 51 }, pieces: 2 };
    const usual = await epoch("dcnv2", plain, { id: true, replicas });
    expectClose(await epoch("dcnv2", way, { id: true, ...how }), usual);
  });

  it("with dropout of another draw in each piece", async () => {
    const dropped = await epoch("deepfm", { distinct: null, pieces: 2 }, { dropout: 0.3 });
    const whole = await epoch("deepfm", plain, { dropout: 0.3 });
    expect(dropped.losses[0]).toBeCloseTo(whole.losses[0]!, 1);
    expect(dropped.losses[0]).not.toBe(whole.losses[0]);
  });
});

it("an epoch with a batch without room is refused where many steps are one call", async () => {
  const distinct = { users: 8, items: 8 };
  const trained = epoch("dcn", { distinct, pieces: 1 }, { xla: true, engine: "eager" });
  await expect(trained).rejects.toThrow("more users or items than there is room");
});

describe("room for the different users and items of a batch", () => {
  const batchSize = 100;

  it("is what batches drawn at random need, with little to spare", () => {
    const sizes = distinctSizes(data.dataset, data.train, batchSize, 3)!;
    const { interactionUser, interactionItem } = data.dataset;
    const found = { users: 0, items: 0 };
    let over = 0;
    const draws = 200;
    for (let draw = 0; draw < draws; draw++) {
      const batch = epochOrder(data.train, 5, draw).subarray(0, batchSize);
      const users = new Set([...batch].map((row) => interactionUser[row])).size;
      const items = new Set([...batch].map((row) => interactionItem[row])).size;
      found.users += users / draws;
      found.items += items / draws;
      if (users > sizes.users || items > sizes.items) over++;
    }
    expect(over).toBeLessThan(draws / 20);
    expect(sizes.users - found.users).toBeLessThan(25);
    expect(sizes.items - found.items).toBeLessThan(25);
  });

  it("is not made where few come twice", () => {
    expect(distinctSizes(data.dataset, data.train, 8, 3)).toBeNull();
  });
});
