import { backbones, loadedBackbone } from "../../../../../runners/stages/ctr/backbones/index.js";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { adapted, type Vectors } from "../../../../../runners/stages/ctr/knowledge.js";
import type {
  AdaptorShape,
  Batch,
  ForwardMode,
  ForwardResult,
  Model,
  ModelShape,
} from "../../../../../runners/stages/ctr/model.js";
import { crossEntropy } from "../../../../../runners/stages/ctr/toolkit/loss.js";
import { random } from "../../../../../runners/stages/ctr/toolkit/random.js";
import { tf, type Tensor } from "../../../../../runners/stages/ctr/tensorflow.js";
import type { JsonObject } from "../../../../../src/base/json.js";

/** Every backbone with its defaults, and the forms of those that have several. */
export const variants: readonly { name: string; backbone: string; options: JsonObject }[] = [
  ...Object.keys(backbones).map((id) => ({ name: id, backbone: id, options: {} })),
  ...["AIGRU", "AGRU", "AUGRU"].map((gru) => ({
    name: `dien ${gru}`,
    backbone: "dien",
    options: { gru },
  })),
  ...["field_each", "field_interaction"].map((bilinear) => ({
    name: `fibinet ${bilinear}`,
    backbone: "fibinet",
    options: { bilinear },
  })),
  { name: "dcn reference", backbone: "dcn", options: { form: "reference" } },
  { name: "autoint 2 heads", backbone: "autoint", options: { heads: 2 } },
  { name: "fignn unshared", backbone: "fignn", options: { shared: false } },
];

const adaptorTypes = [null, "hea", "moe", "mlp"] as const;

/** Every backbone with every adaptor and without one; its other forms with HEA. */
export const combinations = variants.flatMap(({ name, backbone, options }) =>
  (Object.keys(options).length === 0 ? adaptorTypes : (["hea"] as const)).map((adaptor) => ({
    name: `${name}, adaptor ${adaptor}`,
    backbone,
    options,
    adaptor,
  })),
);

/** A small model; the user's and the item's knowledge differ in width unless told otherwise. */
export function smallShape(
  backbone: string,
  adaptor: AdaptorShape["type"] | null,
  more: Partial<ModelShape> = {},
): ModelShape {
  return {
    backbone,
    items: 40,
    attributes: 7,
    ratings: 5,
    attributeFields: 2,
    historyLength: 5,
    embeddingDim: 8,
    mlp: [12, 6],
    knowledge: adaptor === null ? null : { userDim: 11, itemDim: 9 },
    adaptor:
      adaptor === null
        ? null
        : { type: adaptor, sharedExperts: 2, specificExperts: 3, layers: [10, 8] },
    ...more,
    options: { ...defaultsOf(backbone), ...more.options },
  };
}

function defaultsOf(backbone: string): JsonObject {
  const { properties } = loadedBackbone(backbone).options as {
    properties: { [name: string]: { default: never } };
  };
  return Object.fromEntries(Object.entries(properties).map(([name, p]) => [name, p.default]));
}

/** A batch that brings the raw knowledge vectors of its samples. */
export type RawBatch = Omit<Batch, "knowledge"> & { readonly vectors: Vectors | null };

/** The model on a batch whose knowledge its adaptor has still to see. */
export const forward = (
  model: Model,
  { vectors, ...batch }: RawBatch,
  mode: ForwardMode,
): ForwardResult => model.forward({ ...batch, knowledge: adapted(model, vectors) }, mode);

/** Random samples for each replica, the same for a replica of the same seed anywhere. */
export function batchOf(shape: ModelShape, samples: number, seeds: readonly number[]): RawBatch {
  const { attributeFields: fields, historyLength: length, knowledge } = shape;
  const draw = (name: string, sizes: number[], make: (u: number) => number, whole: boolean) => {
    const size = sizes.reduce((a, b) => a * b, 1);
    const values = seeds.flatMap((seed) => {
      const source = random(seed, name);
      return Array.from({ length: size }, () => make(source.uniform()));
    });
    return tf.tensor(values, [seeds.length, ...sizes], whole ? "int32" : "float32");
  };
  const below = (n: number) => (u: number) => 1 + Math.floor(u * n);
  const real = (u: number) => 4 * u - 2;
  // Padding stands at the end, where the length says.
  const lengths = draw("lengths", [samples], below(length), true);
  const pad = (ids: Tensor): Tensor =>
    tf.tidy(() => {
      const place = tf.range(0, length, 1, "int32");
      const inside = tf.less(place, tf.expandDims(lengths, 2)).cast("int32");
      return tf.mul(ids, ids.rank === 4 ? tf.expandDims(inside, 3) : inside);
    });
  // Each slot has an id of its own field, or nothing, and a weight.
  const fieldsOf = (): NonNullable<Batch["fields"]> => {
    const slotsOf = (of: string): number =>
      shape.fields!.filter((field) => field.of === of).reduce((sum, { slots }) => sum + slots, 0);
    const slots = (place: string, sizes: number[]) => {
      const ids = draw(`${place} field`, sizes, below(shape.fieldIds!), true);
      return { ids, weights: draw(`${place} weight`, sizes, (u) => 2 * u - 1, false) };
    };
    return {
      user: slots("user", [samples, slotsOf("user")]),
      item: slots("item", [samples, slotsOf("item")]),
      context: slots("context", [samples, slotsOf("context")]),
      history: slots("history", [samples, length, slotsOf("item")]),
    };
  };
  return {
    item: draw("item", [samples], below(shape.items), true),
    itemAttributes: draw("attributes", [samples, fields], below(shape.attributes), true),
    historyItems: pad(draw("history", [samples, length], below(shape.items), true)),
    historyAttributes: pad(draw("past", [samples, length, fields], below(shape.attributes), true)),
    historyRatings: pad(draw("ratings", [samples, length], below(shape.ratings), true)),
    historyLength: lengths,
    ...(shape.fields === undefined ? {} : { fields: fieldsOf() }),
    ...(shape.users === undefined
      ? {}
      : { user: draw("who", [samples], below(shape.users), true) }),
    vectors:
      knowledge === null
        ? null
        : {
            user: draw("user", [samples, knowledge.userDim], real, false),
            item: draw("knowledge", [samples, knowledge.itemDim], real, false),
          },
  };
}

/** Labels that a model can learn: whether the target's id is even. */
export function labelsOf(batch: Pick<Batch, "item">): Tensor {
  return tf.tidy(() => tf.cast(tf.equal(tf.mod(batch.item, 2), 0), "float32"));
}

/** Samples `from` to `to` of a batch. */
export function sliceBatch(batch: RawBatch, from: number, to: number): RawBatch {
  const cut = (tensor: Tensor): Tensor =>
    tf.slice(
      tensor,
      [0, from, ...tensor.shape.slice(2).map(() => 0)],
      [-1, to - from, ...tensor.shape.slice(2)],
    );
  const cutAll = <T extends object>(of: T): T =>
    Object.fromEntries(
      Object.entries(of).map(([name, value]) => [
        name,
        value instanceof tf.Tensor ? cut(value) : name === "fields" ? cutFields(value) : value,
      ]),
    ) as T;
  const cutFields = (fields: NonNullable<Batch["fields"]>): Batch["fields"] =>
    Object.fromEntries(
      Object.entries(fields).map(([place, slots]) => [place, slots && cutAll(slots)]),
    );
  const { vectors, ...rest } = batch;
  return { ...cutAll(rest), vectors: vectors && cutAll(vectors) };
}

export interface Step {
  /** Loss of each replica. */
  readonly losses: number[];
  readonly logits: Float32Array;
  /** By parameter name, flat over the replicas. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** Forward and backward pass in training mode; with a rate, one step of gradient descent too. */
export function step(
  model: Model,
  batch: RawBatch,
  rate = 0,
  labelled: (batch: RawBatch) => Tensor = labelsOf,
): Step {
  tf.engine().startScope();
  try {
    const labels = labelled(batch);
    let losses: Tensor | undefined;
    let logits: Tensor | undefined;
    let updates: readonly Tensor[] = [];
    const { grads } = tf.variableGrads(
      () => {
        const result = forward(model, batch, { training: true });
        logits = tf.keep(result.logits);
        updates = result.stateUpdates.map((update) => tf.keep(update));
        losses = tf.keep(crossEntropy(result.logits, labels));
        return tf.sum(losses) as never;
      },
      model.parameters.map(({ variable }) => variable),
    );
    const gradients = new Map<string, Float32Array>();
    for (const { name, variable } of model.parameters) {
      const gradient = grads[variable.name];
      if (gradient == null) continue;
      gradients.set(name, gradient.dataSync() as Float32Array);
      if (rate > 0) variable.assign(tf.sub(variable, tf.mul(gradient, rate)) as never);
    }
    if (rate > 0) model.state.forEach(({ variable }, i) => variable.assign(updates[i] as never));
    const result = {
      losses: [...losses!.dataSync()],
      logits: logits!.dataSync() as Float32Array,
      gradients,
    };
    tf.dispose([losses!, logits!, ...updates.filter((update) => !(update instanceof tf.Variable))]);
    return result;
  } finally {
    tf.engine().endScope();
  }
}

/** Logits in scoring mode. */
export function score(model: Model, batch: RawBatch): Float32Array {
  return tf.tidy(
    () => forward(model, batch, { training: false }).logits.dataSync() as Float32Array,
  );
}

/** A model that has trained a few steps, so that its state is no longer the fresh one. */
export function trainedModel(shape: ModelShape, seeds: readonly number[], steps = 5): Model {
  const model = buildModel(shape, seeds);
  for (let i = 0; i < steps; i++) {
    const batch = batchOf(
      shape,
      32,
      seeds.map((seed) => seed * 1000 + i),
    );
    step(model, batch, 0.05);
    tf.dispose(batch as never);
  }
  return model;
}

/** Largest difference of two arrays of one length, relative to the largest number of the second. */
export function difference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) return Infinity;
  let error = 0;
  let scale = 1e-6;
  for (let i = 0; i < ours.length; i++) {
    const distance = Math.abs(ours[i]! - theirs[i]!);
    error = distance > error || Number.isNaN(distance) ? distance : error;
    scale = Math.max(scale, Math.abs(theirs[i]!));
  }
  return error / scale;
}
