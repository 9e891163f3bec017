import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { cpu } from "../../../../../runners/stages/ctr/device.js";
import { allRewrites, rewritesWithout } from "../../../../../runners/stages/ctr/rewrites/index.js";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { makeColumns } from "../../../../../runners/stages/ctr/data/columns.js";
import { positionsOf } from "../../../../../runners/stages/ctr/data/interactions.js";
import { loadCtrData, shapeOf, type CtrData } from "../../../../../runners/stages/ctr/data/load.js";
import {
  DistinctIds,
  distinctSizes,
  type DistinctSizes,
} from "../../../../../runners/stages/ctr/train/distinct.js";
import { epochOrder } from "../../../../../runners/stages/ctr/train/order.js";
import { EpochTrainer } from "../../../../../runners/stages/ctr/train/epoch.js";
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

const columnsOf = () =>
  makeColumns(cpu, { ...data.dataset, position: positionsOf(data.dataset) }, data.knowledge);

const batchSize = 100;

/** Loss and parameters after an epoch of two replicas, or one. */
async function epoch(
  backbone: string,
  way: { readonly distinct: DistinctSizes | null; readonly pieces: number },
  {
    replicas = 1,
    engine = "graph" as "graph" | "eager",
    dropout = 0,
    rewrites = allRewrites,
    id = false,
    xla = false,
    samples = data.train.length,
    width = params.embedding_dim,
  } = {},
): Promise<{
  readonly losses: number[];
  readonly parameters: Float32Array[];
  readonly scores: Float32Array;
  readonly functions: readonly string[];
}> {
  const columns = columnsOf();
  const of = { ...params, backbone, options: {}, user_id: id, embedding_dim: width };
  const seeds = Array.from({ length: replicas }, (_, i) => i + 1);
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
    replicas: seeds.map((seed) => ({
      seed,
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
  trainer.begin(seeds.map((seed) => epochOrder(data.train, seed, 0).subarray(0, samples)));
  for (let done = 0; done < trainer.stepsPerEpoch;) done += trainer.advance(done);
  const losses = trainer.losses();
  trainer.keep();
  const parameters = trainer.session.read(
    trainer.model.parameters.map(({ variable }) => variable),
  ) as Float32Array[];
  const called = vi.spyOn(trainer.session, "run");
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
    const expected = other.parameters[i]!;
    const apart = values.reduce((most, x, j) => Math.max(most, Math.abs(x - expected[j]!)), 0);
    // An epoch of Adam takes a rounding error as far as the learning rate where a gradient is about 0.
    expect(apart).toBeLessThan(2e-3);
  });
}

const plain = { distinct: null, pieces: 1 };

describe("an epoch trains to the same parameters", () => {
  it.each(["din", "autoint", "dcnv2", "gru4rec"])("of %s in two pieces", async (backbone) => {
    expectClose(await epoch(backbone, { distinct: null, pieces: 2 }), await epoch(backbone, plain));
  });

  // About 57 of 80 users and 49 of 60 items are in a batch of 100: some batches have room, some not.
  it.each([1, 2])(
    "with each different user and item adapted once, replicas: %i",
    async (replicas) => {
      const distinct = { users: 58, items: 51 };
      const columns = columnsOf();
      const ids = new DistinctIds(columns, distinct, batchSize, 1, data.train.length);
      ids.begin([epochOrder(data.train, 1, 0)]);
      const batches = Math.floor(data.train.length / batchSize);
      const fitting = Array.from({ length: batches }, (_, batch) => ids.fits(batch));
      expect(new Set(fitting)).toEqual(new Set([true, false]));
      ids.dispose();
      columns.dispose();
      const usual = await epoch("dcnv2", plain, { replicas });
      expectClose(await epoch("dcnv2", { distinct, pieces: 1 }, { replicas }), usual);
      expectClose(await epoch("dcnv2", { distinct, pieces: 2 }, { replicas }), usual);
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

  // 7 and 8 whole batches, each with a rest: XLA takes them in one loop, whose count is odd or even.
  it.each(["din", "dcnv2"].flatMap((backbone) => [750, 850].map((n) => [backbone, n] as const)))(
    "compiled by XLA, of %s over %i samples",
    async (backbone, samples) => {
      const usual = await epoch(backbone, plain, { id: true, samples, replicas: 2 });
      const compiled = { id: true, samples, replicas: 2, xla: true };
      expectClose(await epoch(backbone, plain, compiled), usual);
    },
    240_000,
  );

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

describe("room for the different users and items of a batch", () => {
  it("is what batches drawn at random need, with little to spare", () => {
    const columns = columnsOf();
    const sizes = distinctSizes(columns, data.train, batchSize)!;
    columns.dispose();
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
    const columns = columnsOf();
    expect(distinctSizes(columns, data.train, 8)).toBeNull();
    columns.dispose();
  });
});
