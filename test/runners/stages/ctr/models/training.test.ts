import { describe, expect, it } from "vitest";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { tf } from "../../../../../runners/stages/ctr/tensorflow.js";
import { batchOf, combinations, smallShape, step, variants, forward } from "./models.js";

describe("every backbone with every adaptor", () => {
  it.each(combinations)(
    "learns, all of its parameters: $name",
    ({ backbone, options, adaptor }) => {
      const shape = smallShape(backbone, adaptor, { options });
      const model = buildModel(shape, [1]);
      const batch = batchOf(shape, 64, [4]);
      const before = step(model, batch);
      expect([...before.gradients.keys()].sort()).toEqual(
        model.parameters.map(({ name }) => name).sort(),
      );
      const tensors = tf.memory().numTensors;
      let last = before;
      for (let i = 0; i < 10; i++) last = step(model, batch, 0.05);
      expect(tf.memory().numTensors).toBe(tensors);
      expect(last.losses[0]).toBeLessThan(before.losses[0]!);
      tf.dispose(batch as never);
      model.dispose();
    },
  );
});

describe("a model", () => {
  it("frees all that it made", () => {
    const before = tf.memory().numTensors;
    buildModel(smallShape("dien", "hea"), [1, 2]).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("decays kernels and tables but no biases", () => {
    const model = buildModel(smallShape("dien", "hea"), [1]);
    for (const { name, decays } of model.parameters) {
      expect([name, decays]).toEqual([name, !name.endsWith("bias")]);
    }
    model.dispose();
  });

  it("may be as small as can be: one interaction, one attribute, one layer everywhere", () => {
    for (const { backbone, options } of variants) {
      const shape = smallShape(backbone, "hea", {
        historyLength: 1,
        attributeFields: 1,
        mlp: [4],
        adaptor: { type: "hea", sharedExperts: 1, specificExperts: 1, layers: [3] },
        options: { ...options, ...(/^di(e?)n$/.test(backbone) ? { attention: [5] } : {}) },
      });
      const model = buildModel(shape, [1]);
      const { losses, gradients } = step(model, batchOf(shape, 8, [4]));
      expect([backbone, Number.isFinite(losses[0])]).toEqual([backbone, true]);
      // A GRU's first state is zero, so with one step nothing reaches the state's kernel.
      const unused = /^(gru|interest_.*)\.hidden\.kernel$/;
      const reached = model.parameters
        .map(({ name }) => name)
        .filter((name) => backbone === "fignn" || !unused.test(name));
      expect([...gradients.keys()].sort()).toEqual(reached.sort());
      model.dispose();
    }
  });

  it("takes knowledge of another width than the embedding into its fields", () => {
    for (const backbone of ["xdeepfm", "autoint", "fibinet", "fignn"]) {
      const shape = smallShape(backbone, "hea", { embeddingDim: 6 });
      const model = buildModel(shape, [1]);
      const names = model.parameters.map(({ name }) => name);
      expect(names).toContain("knowledge_field.user.kernel");
      expect(Number.isFinite(step(model, batchOf(shape, 8, [4])).losses[0])).toBe(true);
      model.dispose();
    }
  });

  it("drops out by the trainer's noise while training and not while scoring", () => {
    for (const { backbone, options } of variants) {
      const shape = smallShape(backbone, null, { options });
      const model = buildModel(shape, [1, 2]);
      const batch = batchOf(shape, 8, [4, 5]);
      const asked: number[][] = [];
      const noise = (sizes: readonly number[]) => {
        asked.push([...sizes]);
        return tf.zeros([2, ...sizes]);
      };
      const dropped = tf.tidy(() =>
        forward(model, batch, { training: true, noise }).logits.dataSync(),
      );
      const plain = tf.tidy(() => forward(model, batch, { training: true }).logits.dataSync());
      if (backbone === "fignn") expect(asked).toEqual([]);
      else {
        expect(asked.length).toBeGreaterThan(0);
        expect(asked.every(([samples]) => samples === 8)).toBe(true);
        expect(dropped).not.toEqual(plain);
      }
      asked.length = 0;
      tf.tidy(() => forward(model, batch, { training: false, noise }).logits);
      expect(asked).toEqual([]);
      model.dispose();
    }
  });
});
