import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { Drained } from "../../../../../src/contract/runner.js";
import { program } from "../../../../../runners/stages/ctr/program.js";
import { tf } from "../../../../../runners/stages/ctr/tensorflow.js";
import { EpochTrainer } from "../../../../../runners/stages/ctr/train/epoch.js";
import { takeSpare } from "../../../../../runners/stages/ctr/train/spare.js";
import { small, writeDataset, writeKnowledge } from "./dataset.js";
import { Scratch, stageOf, TestTask } from "./task.js";

// Tracing, and TensorFlow's own work on a fresh graph, take minutes where the cores are taken.
vi.setConfig({ testTimeout: 240_000 });

const scratch = new Scratch();
const [dataset, embed] = [join(scratch.path, "dataset"), join(scratch.path, "embed")];
const made = vi.spyOn(EpochTrainer, "create");

beforeAll(async () => {
  await writeDataset(dataset, small);
  await writeKnowledge(embed, small, 24);
});
afterEach(async () => {
  await noSpare();
  made.mockClear();
});
afterAll(() => scratch.remove());

type Cell = Parameters<typeof stageOf>[0];

const noSpare = async (): Promise<void> => void (await takeSpare("none is named so"));

const taskOf = (cell: Cell, work = scratch.folder()): TestTask => {
  const ctr = { fuse: "off", batch_size: 128, epochs: 4, patience: 2, ...cell.ctr };
  const inputs = cell.knowledge === true ? { dataset, embed } : { dataset };
  return new TestTask(stageOf({ ...cell, ctr }), inputs, scratch.folder(), work);
};

const run = async (cell: Cell): Promise<TestTask> => {
  const task = taskOf(cell);
  await program.run([task]);
  return task;
};

/** All that a cell leaves but how long it took. */
const results = (task: TestTask): object => {
  const metrics = { ...task.published!.metrics, samples_per_second: 0 };
  const files = ["weights.safetensors", "predictions.npy", "curves.jsonl"];
  return [metrics, ...files.map((name) => readFileSync(join(task.out, name)).toString("base64"))];
};

// DIN has running statistics beside its weights, and rows of users without samples are filled in.
const din: Cell = { backbone: "din", knowledge: true, ctr: { user_id: true } };

it("a cell that goes on with another's trainer leaves the bits that it leaves alone", async () => {
  const seeds = [];
  for (const seed of [1, 2, 3]) seeds.push(await run({ ...din, seed }));
  expect(made).toHaveBeenCalledTimes(1);
  for (const [i, task] of seeds.entries()) {
    await noSpare();
    expect(results(task)).toEqual(results(await run({ ...din, seed: i + 1 })));
  }
  expect(made).toHaveBeenCalledTimes(4);
});

it("so does one that goes on from its checkpoint", async () => {
  const whole = await run(din);
  await noSpare();
  const stopped = taskOf(din);
  const stop = vi.spyOn(stopped, "emit").mockImplementation((event) => {
    if (event.type === "metrics") stopped.drain();
  });
  await expect(program.run([stopped])).rejects.toThrow(Drained);
  stop.mockRestore();
  await run({ ...din, seed: 2 });
  made.mockClear();
  const resumed = taskOf(din, stopped.work);
  await program.run([resumed]);
  expect(made).not.toHaveBeenCalled();
  expect(results(resumed)).toEqual(results(whole));
  expect(resumed.curve("train.loss").length).toBeLessThan(whole.curve("train.loss").length);
});

it("cells share a trainer only where it would be the same", async () => {
  const cell = { backbone: "deepfm", ctr: { epochs: 2 } };
  const trainers = async (...cells: Cell[]): Promise<number> => {
    made.mockClear();
    for (const each of cells) await run(each);
    return made.mock.calls.length;
  };
  const like = (ctr: NonNullable<Cell["ctr"]>, seed = 1): Cell => {
    return { ...cell, seed, ctr: { ...cell.ctr, ...ctr } };
  };
  expect(await trainers(cell, like({ patience: 1 }, 2))).toBe(1);
  expect(await trainers(cell, like({ learning_rate: 0.01 }), cell)).toBe(2);
  expect(await trainers(cell, like({ epochs: 3 }), like({ pick: "test" }))).toBe(2);
  expect(await trainers(like({ dropout: 0.1 }), like({ dropout: 0.1 }, 2))).toBe(2);
  expect(await trainers(like({ engine: "eager" }), like({ engine: "eager" }))).toBe(2);
});

it("frees a trainer that nobody goes on with", async () => {
  await run({ backbone: "deepfm", ctr: { epochs: 1 } });
  await noSpare();
  const before = tf.memory().numTensors;
  await run({ backbone: "deepfm", ctr: { epochs: 1 } });
  expect(tf.memory().numTensors).toBeGreaterThan(before);
  await expect.poll(() => tf.memory().numTensors, { timeout: 60_000 }).toBe(before);
});
