import { describe, expect, it } from "vitest";
import { tf } from "../../../../../runners/stages/ctr/tensorflow.js";
import {
  batchOf,
  difference,
  score,
  sliceBatch,
  smallShape,
  trainedModel,
  variants,
  forward,
} from "./models.js";

describe("a sample's score", () => {
  it.each(variants)("does not depend on its batch: $name", ({ backbone, options }) => {
    const shape = smallShape(backbone, "hea", { options });
    const model = trainedModel(shape, [3]);
    const all = batchOf(shape, 512, [77]);
    const whole = score(model, all);
    for (const size of [1, 7]) {
      const parts: number[] = [];
      // Single samples are slow to score: the first 64 will do.
      const last = size === 1 ? 64 : 512;
      for (let from = 0; from < last; from += size) {
        const part = sliceBatch(all, from, Math.min(from + size, last));
        parts.push(...score(model, part));
        tf.dispose(part as never);
      }
      const largest = Math.max(...parts.map((logit, i) => Math.abs(logit - whole[i]!)));
      expect(largest).toBeLessThan(1e-6 * Math.max(1, ...whole.map(Math.abs)));
    }
    expect(new Set(whole).size).toBeGreaterThan(400);
    tf.dispose(all as never);
    model.dispose();
  });

  it("would depend on it in GRU4Rec's reference form", () => {
    const shape = smallShape("gru4rec", null, { options: { item_attention: "batch" } });
    const model = trainedModel(shape, [3]);
    const all = batchOf(shape, 32, [77]);
    const alone = score(model, sliceBatch(all, 0, 1));
    expect(Math.abs(alone[0]! - score(model, all)[0]!)).toBeGreaterThan(1e-6);
    model.dispose();
  });

  it("comes from Dice's running statistics, which training moves towards the batches'", () => {
    const shape = smallShape("din", null);
    const model = trainedModel(shape, [3], 0);
    const means = model.state.find(({ name }) => name === "attention.dice_0.mean")!.variable;
    const batch = batchOf(shape, 64, [5]);
    const first = tf.tidy(() =>
      forward(model, batch, { training: true }).stateUpdates.map((t) => t.dataSync()),
    );
    expect(Math.max(...means.dataSync())).toBe(0);
    expect(Math.max(...first[0]!.map(Math.abs))).toBeGreaterThan(0);
    const scoring = tf.tidy(() =>
      forward(model, batch, { training: false }).stateUpdates.map((t) => t.dataSync()),
    );
    expect(Math.max(...scoring[0]!)).toBe(0);
    model.dispose();
  });

  it("is finite, and training too, with a batch of one sample", () => {
    for (const backbone of ["din", "dien"]) {
      const shape = smallShape(backbone, null);
      const model = trainedModel(shape, [3]);
      const one = batchOf(shape, 1, [5]);
      const { logits, stateUpdates } = forward(model, one, { training: true });
      expect(Number.isFinite(logits.dataSync()[0])).toBe(true);
      stateUpdates.forEach((update, i) =>
        expect(difference(update.dataSync(), model.state[i]!.variable.dataSync())).toBe(0),
      );
      model.dispose();
    }
  });
});

describe("the adaptor", () => {
  it.each(["hea", "moe", "mlp"] as const)(
    "%s sees each vector by itself: shared ones may be adapted once",
    (type) => {
      const model = trainedModel(smallShape("dcnv2", type), [3, 4]);
      const { vectors } = batchOf(model.shape, 16, [8, 9]);
      for (const subject of ["user", "item"] as const) {
        const all = vectors![subject];
        const together = model.adapt!(subject, all);
        expect(together.shape).toEqual([2, 16, 8]);
        const [first, last] = tf.split(all, [3, 13], 1).map((part) => model.adapt!(subject, part));
        const apart = tf.concat([first!, last!], 1).dataSync();
        expect(difference(apart, together.dataSync())).toBeLessThan(1e-6);
      }
      model.dispose();
    },
  );

  it("and its knowledge come together: a batch has both or neither", () => {
    const [with_, without] = [smallShape("din", "hea"), smallShape("din", null)];
    const [batch, bare] = [with_, without].map((shape) => batchOf(shape, 4, [1]));
    const [model, plain] = [with_, without].map((shape) => trainedModel(shape, [1], 0));
    expect(() => score(model!, bare!)).toThrow("a batch has knowledge where");
    expect(() => score(plain!, batch!)).toThrow("without an adaptor");
    for (const each of [model!, plain!]) each.dispose();
  });

  it("is not there without knowledge", () => {
    const model = trainedModel(smallShape("din", null), [1], 0);
    expect(model.adapt).toBeNull();
    model.dispose();
  });
});
