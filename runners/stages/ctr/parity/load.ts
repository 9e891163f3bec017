import type { Vectors } from "../knowledge.js";
import type { Batch, Model } from "../model.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { Digest, GoldenBatch, GoldenCase } from "./case.js";
import { placeOf, type Place, type Shapes } from "./layout.js";

/** Where each parameter of the reference stands in our model; null: nowhere. */
export type Places = ReadonlyMap<string, Place | null>;

/**
 * Places of all the reference's parameters. Throws where a number of ours is named by none or twice:
 * then the two models differ.
 */
export function placesOf(golden: GoldenCase, model: Model): Places {
  const shapes: Shapes = new Map(
    model.parameters.map(({ name, variable }) => [name, variable.shape.slice(1)]),
  );
  const named = new Map(
    model.parameters.map(({ name, variable }) => [name, new Uint8Array(variable.size)]),
  );
  const places = new Map<string, Place | null>();
  for (const [name, { shape, data }] of Object.entries(golden.params)) {
    const place = placeOf(name, shape, shapes);
    places.set(name, place);
    if (place === null) {
      if (data.length > 0 && golden.expect.grads[name] !== null && norm(golden, name) !== 0) {
        throw new Error(`has the parameter ${name}, which our model has not`);
      }
      continue;
    }
    const marks = named.get(place.parameter)!;
    for (const index of place.indices) {
      if (index >= marks.length || marks[index] === 1) {
        throw new Error(`has the parameter ${name}, which does not fit our ${place.parameter}`);
      }
      marks[index] = 1;
    }
  }
  for (const [name, marks] of named) {
    if (marks.includes(0)) throw new Error(`has no counterpart of all of our ${name}`);
  }
  return places;
}

const norm = (golden: GoldenCase, name: string): number | undefined =>
  golden.expect.grads[name]?.l2;

/** Gives the model of one replica the reference's parameters. */
export function loadParameters(golden: GoldenCase, model: Model, places: Places): void {
  const values = new Map(
    model.parameters.map(({ name, variable }) => [name, new Float32Array(variable.size)]),
  );
  for (const [name, { data }] of Object.entries(golden.params)) {
    const place = places.get(name);
    if (place == null) continue;
    const target = values.get(place.parameter)!;
    place.indices.forEach((index, i) => (target[index] = data[i]!));
  }
  for (const { name, variable } of model.parameters) {
    const tensor = tf.tensor(values.get(name)!, variable.shape, "float32");
    variable.assign(tensor);
    tensor.dispose();
  }
}

/** The digest of the reference's parameter `name` out of our values, flat, by our names. */
export function digest(place: Place, values: ReadonlyMap<string, Float32Array>): Digest {
  const source = values.get(place.parameter)!;
  let squares = 0;
  let sum = 0;
  for (const index of place.indices) {
    squares += source[index]! ** 2;
    sum += source[index]!;
  }
  return {
    l2: Math.sqrt(squares),
    sum,
    first: Array.from(place.indices.subarray(0, 4), (index) => source[index]!),
  };
}

/** A golden batch for one replica without its knowledge, the raw vectors of that, and labels [1, B]. */
export interface LoadedBatch {
  readonly inputs: Omit<Batch, "knowledge">;
  readonly vectors: Vectors | null;
  readonly labels: Tensor;
}

export function loadBatch(batch: GoldenBatch): LoadedBatch {
  const whole = (values: unknown): Tensor => tf.tensor([values] as never, undefined, "int32");
  const real = (values: unknown): Tensor => tf.tensor([values] as never, undefined, "float32");
  return {
    inputs: {
      item: whole(batch.iid),
      itemAttributes: whole(batch.aid),
      historyItems: whole(batch.hist_iid_seq),
      historyAttributes: whole(batch.hist_aid_seq),
      historyRatings: whole(batch.hist_rate_seq),
      historyLength: whole(batch.hist_seq_len),
    },
    vectors:
      batch.hist_aug_vec && batch.item_aug_vec
        ? { user: real(batch.hist_aug_vec), item: real(batch.item_aug_vec) }
        : null,
    labels: real(batch.lb),
  };
}
