import { describe, expect, it } from "vitest";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { tf } from "../../../../../runners/stages/ctr/tensorflow.js";
import { batchOf, combinations, difference, score, smallShape, step, variants } from "./models.js";

const seeds = [11, 12, 13];
describe("three replicas in one model", () => {
  it.each(combinations)(
    "are three models of their own: $name",
    ({ backbone, options, adaptor }) => {
      const shape = smallShape(backbone, adaptor, { options });
      const fused = buildModel(shape, seeds);
      const batch = batchOf(shape, 16, seeds);
      const together = step(fused, batch);
      const scores = score(fused, batch);
      seeds.forEach((seed, replica) => {
        const single = buildModel(shape, [seed]);
        const own = batchOf(shape, 16, [seed]);
        const mine = (values: Float32Array): Float32Array => {
          const size = values.length / seeds.length;
          return values.subarray(replica * size, (replica + 1) * size);
        };
        const alone = step(single, own);
        single.parameters.forEach(({ name, variable, decays }, i) => {
          const parameter = fused.parameters[i]!;
          expect([parameter.name, parameter.decays]).toEqual([name, decays]);
          // Bit by bit: initial weights are a matter of the seed alone.
          expect(mine(parameter.variable.dataSync() as Float32Array)).toEqual(variable.dataSync());
        });
        expect(difference(mine(together.logits), alone.logits)).toBeLessThan(1e-5);
        expect(difference(mine(scores), score(single, own))).toBeLessThan(1e-5);
        expect(together.losses[replica]).toBeCloseTo(alone.losses[0]!, 5);
        expect([...together.gradients.keys()]).toEqual([...alone.gradients.keys()]);
        for (const [name, gradient] of alone.gradients) {
          const error = difference(mine(together.gradients.get(name)!), gradient);
          expect({ name, ok: error < 2e-4 || error }).toEqual({ name, ok: true });
        }
        single.dispose();
        tf.dispose(own as never);
      });
      tf.dispose(batch as never);
      fused.dispose();
    },
  );

  it("leave each other alone when one of them turns into NaN", () => {
    for (const { backbone, options } of variants) {
      const shape = smallShape(backbone, "hea", { options });
      const model = buildModel(shape, seeds);
      for (const { variable } of model.parameters) {
        const size = variable.size / seeds.length;
        const values = variable.dataSync().slice() as Float32Array;
        values.fill(NaN, size, 2 * size);
        variable.assign(tf.tensor(values, variable.shape) as never);
      }
      const { losses, gradients } = step(model, batchOf(shape, 8, seeds));
      expect(losses.map(Number.isFinite)).toEqual([true, false, true]);
      for (const gradient of gradients.values()) {
        const size = gradient.length / seeds.length;
        expect(gradient.subarray(0, size).every(Number.isFinite)).toBe(true);
        expect(gradient.subarray(2 * size).every(Number.isFinite)).toBe(true);
      }
      model.dispose();
    }
  });
});

describe("initial weights", () => {
  it("are drawn as the reference draws them", () => {
    const shape = smallShape("gru4rec", "hea", { items: 4000, embeddingDim: 32 });
    const model = buildModel(shape, [5]);
    const deviation = (name: string): number => {
      const values = model.parameters.find((parameter) => parameter.name === name)!.variable;
      return tf.tidy(() => Math.sqrt(tf.moments(values).variance.dataSync()[0]!));
    };
    // Xavier normal over the table; the shared experts' first layer by one expert's fans.
    expect(deviation("item_embedding")).toBeCloseTo(Math.sqrt(2 / (4001 + 32)), 3);
    expect(deviation("adaptor.user.layer_0.kernel")).toBeCloseTo(Math.sqrt(2 / (11 + 10)), 1);
    // Uniform within 1 / √64.
    expect(deviation("gru.hidden.kernel")).toBeCloseTo(1 / 8 / Math.sqrt(3), 2);
    expect(deviation("final.dense_0.bias")).toBe(0);
    model.dispose();
  });
});
