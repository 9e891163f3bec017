import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cpu } from "../../../../../runners/stages/ctr/device.js";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { makeColumns } from "../../../../../runners/stages/ctr/data/columns.js";
import { positionsOf } from "../../../../../runners/stages/ctr/data/interactions.js";
import { loadCtrData, shapeOf } from "../../../../../runners/stages/ctr/data/load.js";
import { epochOrder } from "../../../../../runners/stages/ctr/train/order.js";
import { distinctSizes } from "../../../../../runners/stages/ctr/train/room.js";
import { epochSamples } from "../../../../../runners/stages/ctr/train/epoch-samples.js";
import { rateOf } from "../../../../../runners/stages/ctr/train/schedule.js";
import { EpochTrainer } from "../../../../../runners/stages/ctr/train/epoch.js";
import { seenUsers } from "../../../../../runners/stages/ctr/data/seen.js";
import { writeDataset, writeKnowledge, type Size } from "./dataset.js";
import { Scratch, stageOf } from "./task.js";
import { nodeBackend, tf } from "../../../../../runners/stages/ctr/tensorflow.js";

const scratch = new Scratch();
const tiny: Size = { users: 20, items: 30, attributes: 3, length: 40 };
const inputs = { dataset: join(scratch.path, "dataset"), embed: join(scratch.path, "embed") };

beforeAll(async () => {
  await writeDataset(inputs.dataset, tiny);
  await writeKnowledge(inputs.embed, tiny, 8);
});
afterAll(() => scratch.remove());

/** Tensors that TensorFlow holds for us, in tfjs and in the binding. */
const tensors = (): readonly number[] => [
  tf.memory().numTensors,
  nodeBackend().getNumOfTFTensors(),
];

const runs = [
  ["graph", 200],
  ["eager", 20],
] as const;
for (const [engine, epochs] of runs) {
  it(`holds no more tensors after ${epochs} epochs than after 2, nor any once done: ${engine}`, async () => {
    const before = tensors();
    const { params } = stageOf({ backbone: "din", knowledge: true });
    const data = await loadCtrData(inputs, params);
    const columns = makeColumns(
      cpu,
      { ...data.dataset, position: positionsOf(data.dataset) },
      data.knowledge,
    );
    const trainer = await EpochTrainer.create({
      device: cpu,
      shape: shapeOf(params, data, undefined),
      buildModel,
      columns,
      batchSize: 256,
      samples: data.train.length,
      seenUsers: seenUsers(data),
      scoreBatch: 64,
      pieceSize: 64,
      distinct: distinctSizes(data.dataset, data.train, 256, 3),
      pieces: 2,
      replicas: [
        { seed: 1, dropout: 0.1, weightDecay: 0.01, clipNorm: 1, rate: rateOf(params, 10) },
      ],
      fullHistory: data.fullHistory,
      engine,
      xla: false,
      sameStep: true,
    });
    const epoch = (number: number): void => {
      const order = epochOrder(data.train, 1, number);
      trainer.begin(epochSamples([order], trainer.layout, data.dataset));
      for (let done = 0; done < trainer.stepsPerEpoch;) done += trainer.advance(done);
      trainer.losses();
      trainer.keep();
      trainer.markBest([0]);
      trainer.score(data.test.rows);
      trainer.recallBest([0]);
      trainer.copy("kept", 0);
      trainer.copy("best", 0);
    };
    for (let number = 0; number < 2; number++) epoch(number);
    const early = tensors();
    for (let number = 2; number < epochs; number++) epoch(number);
    expect(tensors()).toEqual(early);
    trainer.dispose();
    columns.dispose();
    expect(tensors()).toEqual(before);
  });
}
