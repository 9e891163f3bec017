import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../../src/base/json.js";
import { backbones } from "../../../../../runners/stages/ctr/backbones/index.js";
import { program } from "../../../../../runners/stages/ctr/program.js";
import { ctrRunner } from "../../../../../runners/stages/ctr/runner.js";
import { Drained } from "../../../../../src/contract/runner.js";
import { small, writeDataset, writeKnowledge } from "./dataset.js";
import { Scratch, stageOf, TestTask } from "./task.js";

const scratch = new Scratch();
const dataset = join(scratch.path, "dataset");
const embed = join(scratch.path, "embed");

beforeAll(async () => {
  await writeDataset(dataset, small);
  await writeKnowledge(embed, small, 16);
});
afterAll(() => scratch.remove());

interface CellOptions {
  readonly backbone: string;
  readonly seed: number;
  readonly knowledge?: boolean;
  readonly ctr?: JsonObject;
}

const cell = (options: CellOptions, work = scratch.folder()): TestTask =>
  new TestTask(
    stageOf({ ...options, ctr: { batch_size: 256, epochs: 3, patience: 3, ...options.ctr } }),
    options.knowledge === true ? { dataset, embed } : { dataset },
    scratch.folder(),
    work,
  );

/** Two cells that differ in what cells of one graph may differ in. */
const differing = (backbone: string, knowledge: boolean): CellOptions[] => [
  { backbone, knowledge, seed: 1, ctr: { pick: "test", dropout: 0.1, patience: 4 } },
  {
    backbone,
    knowledge,
    seed: 2,
    ctr: { pick: "test", learning_rate: 0.002, weight_decay: 0.02, schedule: "constant" },
  },
];

const relative = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);

describe("cells trained as one graph", () => {
  for (const backbone of Object.keys(backbones)) {
    it(`agree with each alone: ${backbone}`, async () => {
      const options = differing(backbone, true);
      const together = options.map((option) => cell(option));
      await program.run(together);
      for (const [i, option] of options.entries()) {
        const alone = cell({ ...option, ctr: { ...option.ctr, fuse: "off" } });
        await program.run([alone]);
        const fused = together[i]!;
        const [a, b] = [fused.curve("train.loss"), alone.curve("train.loss")];
        expect(a.length).toBe(b.length);
        expect(relative(a[0]!, b[0]!)).toBeLessThan(1e-3);
        fused.curve("test.auc").forEach((auc, epoch) => {
          expect(Math.abs(auc - alone.curve("test.auc")[epoch]!)).toBeLessThan(1e-3);
        });
        expect(fused.published!.metrics["epochs"]).toBe(alone.published!.metrics["epochs"]);
      }
    }, 240_000);
  }

  it("leave a cell that diverges to itself", async () => {
    const good = cell({ backbone: "din", seed: 1 });
    const bad = cell({
      backbone: "din",
      seed: 2,
      ctr: { learning_rate: 10, schedule: "constant" },
    });
    // Weights beyond float32's range make the loss NaN at once.
    Object.assign(bad.params, { learning_rate: 1e38 });
    await program.run([good, bad]);
    expect(bad.failed?.message).toMatch(/training diverged/);
    expect(bad.published).toBeUndefined();
    const alone = cell({ backbone: "din", seed: 1 });
    await program.run([alone]);
    expect(good.published!.metrics["test.auc"]).toBeCloseTo(
      alone.published!.metrics["test.auc"]!,
      3,
    );
  });

  it("publish as soon as each is done, and the rest go on in a smaller graph", async () => {
    const short = cell({ backbone: "deepfm", seed: 1, ctr: { epochs: 1 } });
    const long = cell({ backbone: "deepfm", seed: 2, ctr: { epochs: 40, patience: 40 } });
    let epochsWhenShortPublished = -1;
    const publish = short.publish.bind(short);
    short.publish = async (result) => {
      epochsWhenShortPublished = long.curve("train.loss").length;
      await publish(result);
    };
    await program.run([short, long]);
    expect(epochsWhenShortPublished).toBeGreaterThanOrEqual(1);
    expect(epochsWhenShortPublished).toBeLessThan(20);
    expect(long.published!.metrics["epochs"]).toBe(40);
  });

  it("go on alone from where a stop left the group", async () => {
    const options = [1, 2].map((seed) => ({ backbone: "din", seed }));
    const group = options.map((option) => cell(option));
    const emit = group[0]!.emit.bind(group[0]);
    group[0]!.emit = (event) => {
      emit(event);
      if (event.type === "metrics" && event.step === 1) group[0]!.drain();
    };
    await expect(program.run(group)).rejects.toThrow(Drained);
    for (const [i, option] of options.entries()) {
      expect(existsSync(join(group[i]!.work, "checkpoint.safetensors"))).toBe(true);
      const resumed = cell({ ...option, ctr: { fuse: "off" } }, group[i]!.work);
      await program.run([resumed]);
      const alone = cell({ ...option, ctr: { fuse: "off" } });
      await program.run([alone]);
      expect(resumed.curve("train.loss").length).toBe(2);
      expect(resumed.published!.metrics["test.auc"]).toBeCloseTo(
        alone.published!.metrics["test.auc"]!,
        3,
      );
      const curves = readFileSync(join(resumed.out, "curves.jsonl"), "utf8").trim().split("\n");
      expect(curves.length).toBe(3);
    }
  });
});

describe("the fusion key", () => {
  const keyOf = (option: CellOptions): string | undefined => {
    const { params, execution } = cell(option);
    return ctrRunner.fusion!(params, execution, 1)?.key;
  };
  it("is shared by cells that differ in what replicas may differ in", () => {
    const keys = differing("din", true).map((option) => keyOf(option));
    expect(new Set(keys).size).toBe(1);
  });
  it("is for one cell alone on CPUs, unless a number is given", () => {
    const limit = (cards: number, ctr: JsonObject): number | undefined => {
      const { params, execution } = cell({ backbone: "din", seed: 1, ctr });
      return ctrRunner.fusion!(params, execution, cards)?.limit;
    };
    expect(limit(0, {})).toBe(1);
    expect(limit(1, {})).toBe(32);
    expect(limit(0, { fuse: 5 })).toBe(5);
  });
  it("differs with the shape, the batch and the data", () => {
    const base = keyOf({ backbone: "din", seed: 1 });
    expect(keyOf({ backbone: "deepfm", seed: 1 })).not.toBe(base);
    expect(keyOf({ backbone: "din", seed: 1, ctr: { batch_size: 64 } })).not.toBe(base);
    expect(keyOf({ backbone: "din", seed: 1, knowledge: true })).not.toBe(base);
    expect(keyOf({ backbone: "din", seed: 1, ctr: { fuse: "off" } })).toBeUndefined();
  });
});
