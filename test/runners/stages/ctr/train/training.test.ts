import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Drained } from "../../../../../src/contract/runner.js";
import { program } from "../../../../../runners/stages/ctr/program.js";
import { readNpy } from "../../../../../runners/base/files/npy.js";
import { decodeSafetensors } from "../../../../../runners/base/files/safetensors.js";
import { small, writeDataset, writeKnowledge } from "./dataset.js";
import { Scratch, stageOf, TestTask } from "./task.js";

// Tracing, and TensorFlow's own work on a fresh graph, take minutes where the cores are taken.
vi.setConfig({ testTimeout: 240_000 });

const scratch = new Scratch();
const dataset = join(scratch.path, "dataset");
const embed = join(scratch.path, "embed");

beforeAll(async () => {
  await writeDataset(dataset, small);
  await writeKnowledge(embed, small, 24);
});
afterAll(() => scratch.remove());

type Cell = Parameters<typeof stageOf>[0];
const alone = { fuse: "off", batch_size: 128, epochs: 4, patience: 2 } as const;

const taskOf = (cell: Cell, work = scratch.folder()): TestTask => {
  const inputs = cell.knowledge === true ? { dataset, embed } : { dataset };
  return new TestTask(
    stageOf({ ...cell, ctr: { ...alone, ...cell.ctr } }),
    inputs,
    scratch.folder(),
    work,
  );
};

const run = async (cell: Cell): Promise<TestTask> => {
  const task = taskOf(cell);
  await program.run([task]);
  return task;
};

const bytes = (task: TestTask, file: string): Buffer => readFileSync(join(task.out, file));

/** Metrics without the one that measures time. */
const results = (task: TestTask): object => {
  const entries = Object.entries(task.published!.metrics);
  return Object.fromEntries(entries.filter(([name]) => name !== "samples_per_second"));
};

describe("a cell alone", () => {
  it("says so where TensorFlow does not see the GPU that the cell was given", async () => {
    const warnings = async (gpus: readonly number[]): Promise<string[]> => {
      const task = taskOf({ backbone: "dcn", ctr: { epochs: 1 } });
      Object.assign(task, { resources: { gpus, threads: 2 } });
      await program.run([task]);
      expect(task.published).toBeDefined();
      return task.events.flatMap((event) => (event.type === "note" ? [event.message] : []));
    };
    expect(await warnings([])).toEqual([]);
    expect(await warnings([0])).toEqual([expect.stringContaining("does not see the GPU")]);
  });

  it("leaves the artifact that docs/artifacts.md promises", async () => {
    const task = await run({ backbone: "din", knowledge: true });
    expect(readdirSync(task.out).sort()).toEqual([
      "curves.jsonl",
      "metrics.json",
      "model.json",
      "predictions.npy",
      "weights.safetensors",
    ]);
    const { metrics } = task.published!;
    expect(Object.keys(metrics).sort()).toEqual([
      "best_epoch",
      "epochs",
      "parameters",
      "samples_per_second",
      "test.auc",
      "test.gauc",
      "test.logloss",
      "valid.auc",
      "valid.gauc",
      "valid.logloss",
    ]);
    expect(metrics["test.auc"]).toBeGreaterThan(0.6);
    const curves = bytes(task, "curves.jsonl").toString().trim().split("\n");
    expect(curves.length).toBe(metrics["epochs"]);
    expect(task.curve("train.loss").length).toBe(metrics["epochs"]);
    const predictions = await readNpy(join(task.out, "predictions.npy"));
    expect(predictions.shape).toEqual((await readNpy(join(dataset, "test.npy"))).shape);
    const weights = decodeSafetensors(bytes(task, "weights.safetensors"));
    expect(weights.ok && weights.value.tensors.has("item_embedding")).toBe(true);
  });

  it("gives the same bytes when run again", async () => {
    const cell = { backbone: "din", knowledge: true, ctr: { dropout: 0.2, weight_decay: 0.01 } };
    const [one, two] = [await run(cell), await run(cell)];
    expect(results(two)).toEqual(results(one));
    for (const file of ["curves.jsonl", "predictions.npy", "weights.safetensors"]) {
      expect(bytes(two, file).equals(bytes(one, file))).toBe(true);
    }
  });

  it("gives the same bytes when stopped after an epoch and gone on with", async () => {
    const cell = { backbone: "din", ctr: { dropout: 0.2, weight_decay: 0.01 } };
    const whole = await run(cell);
    const first = taskOf(cell);
    const emit = first.emit.bind(first);
    first.emit = (event) => {
      emit(event);
      if (event.type === "metrics" && event.step === 2) first.drain();
    };
    await expect(program.run([first])).rejects.toThrow(Drained);
    expect(first.published).toBeUndefined();
    const second = taskOf(cell, first.work);
    await program.run([second]);
    expect(second.curve("train.loss").length).toBe(whole.curve("train.loss").length - 2);
    expect(results(second)).toEqual(results(whole));
    for (const file of ["curves.jsonl", "predictions.npy", "weights.safetensors"]) {
      expect(bytes(second, file).equals(bytes(whole, file))).toBe(true);
    }
  });

  it("starts again where its checkpoint was damaged, and says so", async () => {
    const task = taskOf({ backbone: "din", ctr: { epochs: 1 } });
    const { writeFile } = await import("node:fs/promises");
    await writeFile(join(task.work, "checkpoint.safetensors"), "no checkpoint at all");
    await program.run([task]);
    expect(task.published?.metrics["epochs"]).toBe(1);
    expect(task.events.find((event) => event.type === "note")).toMatchObject({
      severity: "warning",
    });
  });

  it("picks the epoch on test, marked as leaking, only where asked to", async () => {
    const task = await run({ backbone: "din", ctr: { pick: "test", epochs: 2 } });
    expect(task.published!.marks).toEqual({ leak: "epoch picked on test" });
    expect(task.curve("test.auc").length).toBe(2);
    const best = Math.max(...task.curve("test.auc"));
    expect(task.published!.metrics["test.auc"]).toBeCloseTo(best, 6);
    expect(task.published!.metrics["valid.auc"]).toBeUndefined();
  });

  it("trains to the same losses when compiled by XLA", async () => {
    const cell = (xla: boolean): Cell => ({
      backbone: "deepfm",
      ctr: { xla, epochs: 1, user_id: true },
    });
    const [plain, compiled] = [await run(cell(false)), await run(cell(true))];
    const [a, b] = [compiled.curve("train.loss")[0]!, plain.curve("train.loss")[0]!];
    const auc = (task: TestTask): number => task.published!.metrics["test.auc"]!;
    expect(auc(compiled)).toBeCloseTo(auc(plain), 3);
    expect(compiled.events.filter((event) => event.type === "note")).toEqual([]);
    expect(Math.abs(a - b) / b).toBeLessThan(1e-4);
  }, 240_000);

  it("trains eagerly to the same losses", async () => {
    const cell = (engine: string): Cell => ({
      backbone: "deepfm",
      knowledge: true,
      ctr: { engine, epochs: 1, dropout: 0.1, weight_decay: 0.01, clip_norm: 1 },
    });
    const [graph, eager] = [await run(cell("graph")), await run(cell("eager"))];
    const [a, b] = [graph.curve("train.loss")[0]!, eager.curve("train.loss")[0]!];
    expect(Math.abs(a - b) / b).toBeLessThan(1e-5);
  });
});
