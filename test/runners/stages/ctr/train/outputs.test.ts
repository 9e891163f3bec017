import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backbones } from "../../../../../runners/stages/ctr/backbones/index.js";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { makeColumns } from "../../../../../runners/stages/ctr/data/columns.js";
import { positionsOf } from "../../../../../runners/stages/ctr/data/interactions.js";
import { loadCtrData, shapeOf } from "../../../../../runners/stages/ctr/data/load.js";
import { seenUsers } from "../../../../../runners/stages/ctr/data/seen.js";
import { cpu } from "../../../../../runners/stages/ctr/device.js";
import { GraphSession } from "../../../../../runners/stages/ctr/graph/graph-session.js";
import { intercept } from "../../../../../runners/stages/ctr/graph/intercept.js";
import { outputsOf } from "../../../../../runners/stages/ctr/graph/outputs.js";
import { EpochTrainer } from "../../../../../runners/stages/ctr/train/epoch.js";
import { distinctSizes } from "../../../../../runners/stages/ctr/train/room.js";
import { epochSamples } from "../../../../../runners/stages/ctr/train/epoch-samples.js";
import { rateOf } from "../../../../../runners/stages/ctr/train/schedule.js";
import {
  nodeBackend,
  tf,
  type EagerAttribute,
  type Tensor,
  type TensorInfo,
} from "../../../../../runners/stages/ctr/tensorflow.js";
import { writeDataset, writeKnowledge, type Size } from "./dataset.js";
import { Scratch, stageOf } from "./task.js";

const scratch = new Scratch();
const tiny: Size = { users: 20, items: 30, attributes: 3, length: 40 };
const inputs = { dataset: join(scratch.path, "dataset"), embed: join(scratch.path, "embed") };

beforeAll(async () => {
  await writeDataset(inputs.dataset, tiny);
  await writeKnowledge(inputs.embed, tiny, 8);
});
afterAll(() => scratch.remove());

/** What was said of operations that TensorFlow then executed. */
interface Seen {
  /** Operations whose outputs were told. */
  readonly told: Set<string>;
  /** Operations that nothing was said about. */
  readonly untold: Set<string>;
  /** Operations with other outputs than told. */
  readonly wrong: string[];
}

/** Has every operation that `work` executes told before, and compares. */
async function watch(work: () => unknown): Promise<Seen> {
  const seen: Seen = { told: new Set(), untold: new Set(), wrong: [] };
  const backend = nodeBackend();
  const compare = (
    op: string,
    attributes: readonly EagerAttribute[],
    given: readonly TensorInfo[],
    outputs: readonly Tensor[],
  ): void => {
    const known = given.map(({ dataId, shape, dtype }) => ({
      shape,
      dtype,
      values: () => backend.readSync(dataId),
    }));
    const forms = outputsOf(op, known, (name) => attributes.find((a) => a.name === name)?.value);
    if (forms === null) return void seen.untold.add(op);
    seen.told.add(op);
    const text = (all: readonly { shape: readonly number[]; dtype: string }[]): string =>
      all.map(({ shape, dtype }) => `${dtype}[${shape.join()}]`).join(" ");
    if (text(forms) !== text(outputs)) {
      seen.wrong.push(`${op}: ${text(forms)} in place of ${text(outputs)}`);
    }
  };
  const restore = intercept(backend, { outputs: () => null, done: compare, reading: () => {} });
  try {
    await work();
  } finally {
    restore();
  }
  return seen;
}

/** A step, the last step, scores and copies of a model, operation by operation. */
async function train(backbone: string, adaptor: string | null): Promise<void> {
  const ctr = { user_id: true, ...(adaptor === null ? {} : { adaptor: { type: adaptor } }) };
  const { params } = stageOf({ backbone, knowledge: adaptor !== null, ctr });
  const { dataset, embed } = inputs;
  const data = await loadCtrData(adaptor === null ? { dataset } : { dataset, embed }, params);
  const interactions = { ...data.dataset, position: positionsOf(data.dataset) };
  const columns = makeColumns(cpu, interactions, data.knowledge);
  const samples = 300;
  const trainer = await EpochTrainer.create({
    device: cpu,
    shape: shapeOf(params, data, undefined),
    buildModel,
    columns,
    batchSize: 256,
    samples,
    seenUsers: seenUsers(data),
    scoreBatch: 64,
    pieceSize: 64,
    distinct: adaptor === null ? null : distinctSizes(data.dataset, data.train, 256, 3),
    pieces: 2,
    replicas: [1, 2].map((seed) => ({
      seed,
      dropout: 0.1,
      weightDecay: 0.01,
      clipNorm: 1,
      rate: { ...rateOf(params, 10), warmup: 2 },
    })),
    fullHistory: data.fullHistory,
    engine: "eager",
    xla: false,
    sameStep: true,
  });
  const rows = data.train.subarray(0, samples);
  trainer.begin(epochSamples([rows, rows], trainer.layout, data.dataset));
  for (let done = 0; done < trainer.stepsPerEpoch;) done += trainer.advance(done);
  trainer.keep();
  trainer.markBest([0]);
  trainer.score(data.test.rows);
  trainer.copy("best", 0);
  trainer.dispose();
  columns.dispose();
}

describe("what is told of operations without executing them is what TensorFlow makes of them", () => {
  const models = [
    ...Object.keys(backbones).map((backbone) => [backbone, "hea"] as const),
    ["din", null] as const,
    ["din", "moe"] as const,
    ["din", "mlp"] as const,
  ];
  it.each(models)("in training %s with the adaptor %s", async (backbone, adaptor) => {
    const { told, untold, wrong } = await watch(() => train(backbone, adaptor));
    expect(wrong).toEqual([]);
    // Ranges and the like come from numbers that are known: they are executed anyway.
    expect([...untold].filter((op) => !["Range", "LinSpace", "Identity"].includes(op))).toEqual([]);
    expect(told.size).toBeGreaterThan(20);
  });

  const x = (...shape: number[]): Tensor => tf.randomUniform(shape);
  const whole = (...shape: number[]): Tensor => tf.zeros(shape, "int32");
  const calls: { readonly [name: string]: () => unknown } = {
    "products of transposed matrices": () => [
      tf.matMul(x(3, 2), x(4, 3), true, true),
      tf.matMul(x(2, 3), x(4, 3), false, true),
    ],
    "products of batches, broadcast": () => [
      tf.matMul(x(5, 1, 2, 3), x(4, 3, 6)),
      tf.matMul(x(4, 3, 2), x(4, 3, 6), true),
    ],
    "sums over axes": () => [
      tf.sum(x(2, 3, 4)),
      tf.mean(x(2, 3, 4), -1),
      tf.max(x(2, 3, 4), [0, 2], true),
      tf.min(x(2, 3), 0),
      tf.prod(x(2, 3), 1),
    ],
    "truths of axes": () => [
      tf.any(tf.zeros([2, 3], "bool"), 1),
      tf.all(tf.zeros([2, 3], "bool"), 0, true),
    ],
    "places of the largest": () => [tf.argMax(x(2, 3, 4), 1), tf.argMin(x(2, 3), -1)],
    "other shapes": () => [
      tf.reshape(x(2, 6), [3, -1]),
      tf.reshape(x(1), []),
      tf.expandDims(x(2, 3), -1),
      tf.expandDims(x(2, 3), 0),
      tf.transpose(x(2, 3, 4), [2, 0, 1]),
      tf.tile(x(2, 3), [2, 1]),
      tf.broadcastTo(x(1, 3), [4, 3]),
    ],
    parts: () => [
      tf.slice(x(4, 5), [1, 2], [-1, 2]),
      tf.split(x(4, 6), 3, 1),
      tf.split(x(4, 6), [1, 5], -1),
      tf.unstack(x(2, 3, 4), 1),
    ],
    "joined and padded": () => [
      tf.concat([x(2, 3), x(2, 4)], -1),
      tf.stack([x(2, 3), x(2, 3)], 1),
      tf.pad(x(2, 3), [
        [1, 0],
        [2, 3],
      ]),
      tf.mirrorPad(
        x(2, 3),
        [
          [0, 1],
          [1, 0],
        ],
        "reflect",
      ),
    ],
    "looked up": () => [
      tf.gather(x(5, 4), whole(2, 3) as never),
      tf.gather(x(5, 4), whole(3) as never, 1),
      tf.gather(x(2, 5, 4), whole(2, 3) as never, 1, 1),
      tf.gatherND(x(5, 4, 3), whole(6, 2)),
    ],
    "summed into places": () => [
      tf.unsortedSegmentSum(x(6, 4), whole(6) as never, 3),
      tf.scatterND(whole(2, 1), x(2, 4), [5, 4]),
      tf.tensorScatterUpdate(x(5, 4), whole(2, 1), x(2, 4)),
    ],
    "compared and chosen": () => [
      tf.greater(x(2, 1), x(3)),
      tf.equal(x(2), 1),
      tf.where(tf.greater(x(2, 3), 0.5), x(2, 3), x(2, 3)),
      tf.logicalAnd(tf.zeros([2, 1], "bool"), tf.zeros([3], "bool")),
      tf.logicalNot(tf.zeros([2], "bool")),
      tf.isNaN(x(2)),
      tf.cast(x(2), "bool"),
      tf.oneHot(whole(2, 3), 4),
    ],
    "one by one": () => [
      tf.add(x(2, 1, 3), x(4, 1)),
      tf.pow(x(2), 2),
      tf.squaredDifference(x(2, 3), x(3)),
      tf.softmax(x(2, 3)),
      tf.cumsum(x(2, 3), 1),
      tf.reverse(x(2, 3), 0),
      tf.clipByValue(x(2), 0, 1),
      tf.addN([x(2), x(2)]),
      tf.grad((v) => tf.elu(v))(x(2)),
    ],
  };
  it.each(Object.keys(calls))("in tfjs functions: %s", async (name) => {
    const { told, untold, wrong } = await watch(calls[name]!);
    expect(wrong).toEqual([]);
    expect([...untold].filter((op) => op !== "Range")).toEqual([]);
    expect(told.size).toBeGreaterThan(0);
  });
});

describe("a function with an operation whose outputs cannot be told", () => {
  it("is traced all the same", async () => {
    const session = await GraphSession.create({
      f: {
        inputs: [{ shape: [4], dtype: "float32" }],
        // A slice with steps.
        run: ([x]) => [tf.mul(tf.stridedSlice(tf.add(x!, 1), [0], [4], [2]), 2)],
      },
    });
    expect([...session.run("f", [Float32Array.of(1, 2, 3, 4)])[0]!]).toEqual([4, 8]);
    session.dispose();
  });
});
