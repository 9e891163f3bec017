import { readFileSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readDataset } from "../../../../../runners/base/artifacts/dataset.js";
import { readNpy } from "../../../../../runners/base/files/npy.js";
import { writeNpy } from "../../../../../runners/base/files/write-npy.js";
import { decodeSafetensors } from "../../../../../runners/base/files/safetensors.js";
import { program } from "../../../../../runners/stages/ctr/program.js";
import { exportModel } from "../../../../../runners/stages/ctr/serve/export.js";
import { scoreFile, scoreSplit } from "../../../../../runners/stages/ctr/serve/score.js";
import type { TrainedCell } from "../../../../../runners/stages/ctr/serve/trained.js";
import type { ModelFile } from "../../../../../runners/stages/ctr/train/publish.js";
import { likeByUser, writeDataset, writeKnowledge, type Size } from "./dataset.js";
import { samplesOf, scoresOf } from "./exported.js";
import { Scratch, stageOf, TestTask } from "./task.js";

vi.setConfig({ testTimeout: 240_000 });

const scratch = new Scratch();
const size: Size = { users: 150, items: 40, attributes: 4, length: 70 };
const dataset = join(scratch.path, "dataset");
const embed = join(scratch.path, "embed");
/** As `dataset`, but users 1 to 5 have no training samples. */
const partly = join(scratch.path, "partly");
const unseen = 5;

beforeAll(async () => {
  await writeDataset(dataset, size);
  await likeByUser(dataset, size);
  await writeKnowledge(embed, size, 32);
  const ids = (count: number, letter: string): string =>
    Array.from(
      { length: count },
      (_, i) => `{"index": ${i + 1}, "id": "${letter}${i + 1}"}\n`,
    ).join("");
  writeFileSync(join(dataset, "users.jsonl"), ids(size.users, "u"));
  writeFileSync(join(dataset, "items.jsonl"), ids(size.items, "i"));
  await cp(dataset, partly, { recursive: true });
  const { train, interactionUser } = await readDataset(partly);
  const left = train.filter((row) => interactionUser[row]! > unseen);
  await writeNpy(join(partly, "train.npy"), left, [left.length]);
});
afterAll(() => scratch.remove());

async function run(
  cells: readonly { backbone: string; id: boolean; seed?: number; knowledge?: boolean }[],
  data = dataset,
): Promise<TestTask[]> {
  const tasks = cells.map(({ backbone, id, seed = 1, knowledge = false }) => {
    const ctr = { user_id: id, batch_size: 256, epochs: 8, patience: 3, learning_rate: 0.003 };
    return new TestTask(
      stageOf({ backbone, seed, knowledge, ctr }),
      knowledge ? { dataset: data, embed } : { dataset: data },
      scratch.folder(),
      scratch.folder(),
    );
  });
  await program.run(tasks);
  return tasks;
}
const metric = (task: TestTask, name: string): number => task.published!.metrics[name]!;
const mean = (tasks: readonly TestTask[]): number =>
  tasks.reduce((sum, task) => sum + metric(task, "test.auc") / tasks.length, 0);
const seeds = [1, 2];
const of = (how: { id: boolean; knowledge: boolean }): Promise<TestTask[]> =>
  run(seeds.map((seed) => ({ backbone: "dcnv2", seed, ...how })));

const trainedOf = (task: TestTask, data: string): TrainedCell => {
  const weights = decodeSafetensors(readFileSync(join(task.out, "weights.safetensors")));
  if (!weights.ok) throw new Error(weights.error);
  return {
    model: JSON.parse(readFileSync(join(task.out, "model.json"), "utf8")) as ModelFile,
    weights: weights.value.tensors,
    dataset: data,
    embed: null,
  };
};
const predictions = async (task: TestTask): Promise<Float32Array> =>
  (await readNpy(join(task.out, "predictions.npy"))).data as Float32Array;
const largest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe("where labels depend on the user alone", () => {
  it("random vectors beat none, and the user's id closes the gap", async () => {
    const none = mean(await of({ id: false, knowledge: false }));
    const noise = mean(await of({ id: false, knowledge: true }));
    const id = mean(await of({ id: true, knowledge: false }));
    const both = mean(await of({ id: true, knowledge: true }));
    // The history shows some of the user's rate: what is missing is the gap.
    expect(noise - none).toBeGreaterThan(0.01);
    expect(id - none).toBeGreaterThan(0.01);
    expect(both - id).toBeLessThan((noise - none) / 3);
  });
});

describe("users without training samples", () => {
  it("have the mean of the others, and are counted with their samples", async () => {
    const [task, second] = await run(
      [1, 2].map((seed) => ({ backbone: "deepfm", id: true, seed })),
      partly,
    );
    for (const one of [task!, second!]) {
      const { weights } = trainedOf(one, partly);
      for (const name of ["user_embedding", "first_order.user"]) {
        const { data, shape } = weights.get(name)!;
        const [rows, width] = shape as [number, number];
        const row = (user: number): Float32Array =>
          (data as Float32Array).subarray(user * width, (user + 1) * width);
        const expected = new Float32Array(width);
        for (let user = unseen + 1; user < rows; user++) {
          row(user).forEach((x, i) => (expected[i]! += x / (rows - 1 - unseen)));
        }
        for (let user = 0; user <= unseen; user++) {
          expect(largest(row(user), expected)).toBeLessThan(1e-6);
        }
        expect(largest(row(unseen + 1), expected)).toBeGreaterThan(1e-3);
      }
    }
    const { test, valid, interactionUser } = await readDataset(partly);
    const count = (rows: Int32Array): number =>
      rows.filter((row) => interactionUser[row]! <= unseen).length;
    expect(count(test)).toBeGreaterThan(0);
    expect(task!.published!.metrics).toMatchObject({
      "unseen.test.users": unseen,
      "unseen.test.samples": count(test),
      "unseen.valid.users": unseen,
      "unseen.valid.samples": count(valid),
    });
  });

  it("are counted only where the model knows users", async () => {
    const [task] = await run([{ backbone: "deepfm", id: false }], partly);
    const names = Object.keys(task!.published!.metrics);
    expect(names.filter((name) => name.startsWith("unseen"))).toEqual([]);
  });

  it("are scored alike in training, by score and by the exported model, strangers too", async () => {
    const [task] = await run([{ backbone: "dcnv2", id: true }], partly);
    const cell = trainedOf(task!, partly);
    const kept = await predictions(task!);
    expect(largest((await scoreSplit(cell, "test")).scores, kept)).toBeLessThan(1e-6);

    const history = [1, 2, 3].map((item) => ({ item: `i${item}`, rating: 5 }));
    const file = join(scratch.path, "samples.jsonl");
    const users = ["nobody", "u1", "u2", `u${unseen + 1}`, `u${unseen + 2}`];
    writeFileSync(
      file,
      users.map((user) => JSON.stringify({ user, item: "i5", history })).join("\n"),
    );
    const { scores, strangers } = await scoreFile(cell, file);
    expect(strangers).toBe(1);
    expect([scores[1], scores[2]]).toEqual([scores[0], scores[0]]);
    expect(new Set(scores).size).toBe(3);

    const folder = scratch.folder();
    const inputs = await exportModel(cell, folder);
    expect(inputs.map(({ name }) => name)).toContain("user");
    const data = await readDataset(partly);
    const rows = [...data.test.subarray(0, 50)];
    const past = rows.map((row) => Array.from({ length: 5 }, (_, i) => row - 5 + i));
    const user = rows.map((row) => data.interactionUser[row]!);
    const exported = await scoresOf(folder, inputs, { ...samplesOf(data, rows, past), user });
    expect(largest(exported, kept.subarray(0, 50))).toBeLessThan(2e-6);
  });
});
