import { describe, expect, it } from "vitest";
import { backbones } from "../../../../../runners/stages/ctr/backbones/index.js";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import type { FieldShape } from "../../../../../runners/stages/ctr/model.js";
import { tf, type Tensor } from "../../../../../runners/stages/ctr/tensorflow.js";
import {
  batchOf,
  difference,
  forward,
  type RawBatch,
  score,
  sliceBatch,
  smallShape,
  step,
} from "./models.js";

/** One field of each place; the item's has two slots. */
const fields: readonly FieldShape[] = [
  { name: "country", of: "user", slots: 1 },
  { name: "genres", of: "item", slots: 2 },
  { name: "hour", of: "context", slots: 1 },
];
const withFields = { fields, fieldIds: 6, attributeFields: 1 } as const;

/** Of replica r the label follows field r alone: whether some id of it is above 3. */
function labelsOfField({ fields: given }: RawBatch): Tensor {
  return tf.tidy(() => {
    const { user, item, context } = given!;
    const largest = [user, item, context].map((slots, replica) =>
      tf.max(tf.slice(slots!.ids, [replica, 0, 0], [1, -1, -1]), 2),
    );
    return tf.cast(tf.greater(tf.concat(largest, 0), 3), "float32");
  });
}

/** All slots count: what a model learns of a field is not hidden by its weight. */
function weighted(batch: RawBatch): RawBatch {
  const places = Object.entries(batch.fields!).map(([place, slots]) => {
    const weights = tf.fill(slots!.weights.shape, 1 / slots!.weights.shape.at(-1)!);
    return [place, { ids: slots!.ids, weights }] as const;
  });
  return { ...batch, fields: Object.fromEntries(places) };
}

describe("every backbone", () => {
  it.each(Object.keys(backbones))(
    "learns a label that a field of the user, of the item or of the context decides: %s",
    (backbone) => {
      const shape = smallShape(backbone, null, withFields);
      const model = buildModel(shape, [1, 2, 3]);
      const first = weighted(batchOf(shape, 64, [4, 5, 6]));
      expect([...step(model, first).gradients.keys()].sort()).toEqual(
        model.parameters.map(({ name }) => name).sort(),
      );
      const adam = tf.train.adam(0.02);
      for (let n = 0; n < 50; n++) {
        const batch = weighted(batchOf(shape, 64, [100 + n, 200 + n, 300 + n]));
        tf.tidy(() => {
          const { grads } = tf.variableGrads(
            () => {
              const { logits, stateUpdates } = forward(model, batch, { training: true });
              model.state.forEach(({ variable }, i) => variable.assign(stateUpdates[i] as never));
              return tf.losses.sigmoidCrossEntropy(labelsOfField(batch), logits);
            },
            model.parameters.map(({ variable }) => variable),
          );
          adam.applyGradients(grads as never);
        });
      }
      const unseen = weighted(batchOf(shape, 256, [7, 8, 9]));
      const [logits, labels] = [score(model, unseen), labelsOfField(unseen).dataSync()];
      for (const [replica, { name }] of fields.entries()) {
        const right = [...logits.slice(replica * 256, (replica + 1) * 256)].filter(
          (logit, at) => logit > 0 === (labels[replica * 256 + at] === 1),
        ).length;
        expect(right / 256, name).toBeGreaterThan(0.85);
      }
      model.dispose();
    },
  );

  it.each(Object.keys(backbones))(
    "scores a sample with fields apart from its batch: %s",
    (backbone) => {
      const shape = smallShape(backbone, "hea", withFields);
      const model = buildModel(shape, [3]);
      for (let n = 0; n < 3; n++) step(model, batchOf(shape, 32, [n]), 0.05);
      const all = batchOf(shape, 24, [77]);
      const whole = score(model, all);
      const parts = Array.from({ length: 4 }, (_, n) => [
        ...score(model, sliceBatch(all, 6 * n, 6 * n + 6)),
      ]);
      expect(difference(parts.flat(), whole)).toBeLessThan(1e-5);
      model.dispose();
    },
  );
});

describe("the vector of a field", () => {
  it("is the sum of weight times vector, and nothing has none", () => {
    const shape = smallShape("din", null, withFields);
    const model = buildModel(shape, [1]);
    const batch = batchOf(shape, 8, [4]);
    const nothing = { ids: tf.zeros([1, 8, 1], "int32"), weights: tf.zeros([1, 8, 1]) };
    const scored = (context: NonNullable<RawBatch["fields"]>["context"]): number[] => [
      ...score(model, { ...batch, fields: { ...batch.fields, context: context! } }),
    ];
    const { ids, weights } = batch.fields!.context!;
    expect(scored({ ids, weights: tf.zeros([1, 8, 1]) })).toEqual(scored(nothing));
    expect(scored({ ids, weights })).not.toEqual(scored(nothing));
    // Two slots of half the weight on one id are one slot of that id.
    const of = (first: number, second: number): Tensor =>
      tf.tensor(
        Array.from({ length: 16 }, (_, n) => (n % 2 === 0 ? first : second)),
        [1, 8, 2],
        "float32",
      );
    const item = (weights: Tensor) => [
      ...score(model, {
        ...batch,
        fields: { ...batch.fields, item: { ids: of(4, 4).toInt(), weights } },
      }),
    ];
    expect(difference(item(of(0.5, 0.5)), item(of(1, 0)))).toBeLessThan(1e-6);
    model.dispose();
  });
});
