import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { backbones } from "../../../../../runners/stages/ctr/backbones/index.js";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import type { FieldShape } from "../../../../../runners/stages/ctr/model.js";
import { tf, type Tensor } from "../../../../../runners/stages/ctr/tensorflow.js";
import { newFolder, removeFolders } from "../../../../support/stage.js";
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

/** Trains a model on {@link labelsOfField}; gives the share of unseen samples that are right, by field. */
function learned(backbone: string, rate: number, steps: number): number[] {
  const shape = smallShape(backbone, null, withFields);
  const model = buildModel(shape, [1, 2, 3]);
  const adam = tf.train.adam(rate);
  for (let n = 0; n < steps; n++) {
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
  model.dispose();
  return fields.map((_, replica) => {
    const own = [...logits.slice(replica * 256, (replica + 1) * 256)];
    const right = own.filter((logit, at) => logit > 0 === (labels[replica * 256 + at] === 1));
    return right.length / 256;
  });
}

describe("every backbone", () => {
  it.each(Object.keys(backbones))("has a gradient for each parameter: %s", (backbone) => {
    const shape = smallShape(backbone, null, withFields);
    const model = buildModel(shape, [1, 2, 3]);
    const first = weighted(batchOf(shape, 64, [4, 5, 6]));
    expect([...step(model, first).gradients.keys()].sort()).toEqual(
      model.parameters.map(({ name }) => name).sort(),
    );
    model.dispose();
  });

  it.each(Object.keys(backbones))(
    "learns a label that a field of the user, of the item or of the context decides: %s",
    (backbone) => {
      // At the large steps that suit most, units of such a small network may stop for good.
      const fast = learned(backbone, 0.02, 50);
      const shares = Math.min(...fast) > 0.85 ? fast : learned(backbone, 0.003, 400);
      for (const [at, share] of shares.entries()) {
        expect(share, fields[at]!.name).toBeGreaterThan(0.85);
      }
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

describe("a module of the user's own", () => {
  afterAll(removeFolders);
  const moduleOf = async (body: string): Promise<string> => {
    const file = path.join(await newFolder(), "own.mjs");
    const text = `export default { id: "own", description: "d", options: { type: "object", properties: {} },
build(kit, shape) { ${body} } };`;
    await writeFile(file, text);
    return file;
  };
  const modelOf = async (body: string) => {
    const shape = { ...smallShape("din", null, withFields), backbone: await moduleOf(body) };
    return { model: buildModel({ ...shape, options: {} }, [1]), batch: batchOf(shape, 8, [4]) };
  };

  it("sees fields by their names, in the history too", async () => {
    const { model, batch } = await modelOf(`
const width = shape.embeddingDim;
const layer = kit.dense("a", 4 * width, 1);
return (s) => layer(kit.concat([s.field("hour"), s.field("country"), s.field("genres"), s.historyField("genres").mean()]));`);
    const scored = [...score(model, batch)];
    // By hand: weight × vector of the id, summed over the slots, and the layer.
    const [table] = model.parameters.filter(({ name }) => name === "field_embedding");
    const kernel = model.parameters.find(({ name }) => name === "a.kernel")!.variable.dataSync();
    const vectors = table!.variable.dataSync();
    const width = model.shape.embeddingDim;
    const { user, item, context, history } = batch.fields!;
    const of = (slots: typeof user, from: number, count: number): number[] => {
      const [ids, weights] = [slots!.ids.dataSync(), slots!.weights.dataSync()];
      return Array.from({ length: width }, (_, n) =>
        Array.from(
          { length: count },
          (_, k) => weights[from + k]! * vectors[ids[from + k]! * width + n]!,
        ).reduce((a, b) => a + b, 0),
      );
    };
    const expected = scored.map((_, sample) => {
      const past = Array.from({ length: 5 }, (_, place) =>
        of(history, (sample * 5 + place) * 2, 2),
      );
      const mean = Array.from(
        { length: width },
        (_, n) => past.reduce((sum, row) => sum + row[n]!, 0) / 5,
      );
      const all = [
        ...of(context, sample, 1),
        ...of(user, sample, 1),
        ...of(item, sample * 2, 2),
        ...mean,
      ];
      return all.reduce((sum, number, n) => sum + number * kernel[n]!, 0);
    });
    expect(difference(scored, expected)).toBeLessThan(1e-5);
    model.dispose();
  });

  it("is told the names where there is none of that name, and what it leaves unread", async () => {
    const unknown = await modelOf(
      `const a = kit.dense("a", 8, 1); return (s) => a(s.field("age"));`,
    );
    expect(() => score(unknown.model, unknown.batch)).toThrow(
      "there is no field age here; the data set has country, genres, hour",
    );
    const unread = await modelOf(
      `const head = kit.head(kit.widths.target); return (s) => head(s.target);`,
    );
    expect(() => score(unread.model, unread.batch)).toThrow(
      "the data set has the fields country, hour, but the backbone own reads neither sample.user nor sample.field(name)",
    );
  });
});
