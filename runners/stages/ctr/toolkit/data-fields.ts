import type { FieldShape, FieldSlots } from "../model.js";
import { tf, type Tensor } from "../tensorflow.js";
import { type Embedding, Ids } from "./embedding.js";
import type { Forward } from "./expression.js";
import { cut, reduce } from "./operations.js";
import type { Value } from "./value.js";

/** Whose fields: the user's, the target item's, the context's, or those of each item of the history. */
export type FieldPlace = FieldShape["of"] | "history";

/** The slots of a sample's fields of one place, as an embedding looks them up. */
export interface PlacedSlots {
  readonly fields: readonly FieldShape[];
  readonly ids: Ids;
  /** float32, in the form of the ids */
  readonly weights: Tensor;
  /** Rows of a history, or one vector a sample. */
  readonly asRows: boolean;
}

/** The slots of a place in a batch; null where the data set has no such fields. */
export function placedSlots(
  shapes: readonly FieldShape[],
  place: FieldPlace,
  given: FieldSlots | undefined,
  forward: Forward<Value>,
): PlacedSlots | null {
  const fields = shapes.filter(({ of }) => of === (place === "history" ? "item" : place));
  if (fields.length === 0) return null;
  if (given === undefined) throw new Error(`the batch has no fields of the ${place}`);
  const { ids, weights } = given;
  return { fields, ids: new Ids(ids, forward), weights, asRows: place === "history" };
}

/**
 * The vectors of fields side by side, [fields × width]: each is the sum of weight × vector of the ids in
 * its slots.
 */
export function fieldVectors(
  table: Embedding,
  { fields, ids, weights, asRows }: PlacedSlots,
  value: (make: () => Tensor) => Value,
): Value {
  const looked = asRows ? table.rows(ids) : table.vector(ids);
  const slots = fields.map((field) => field.slots);
  return value(() => weightedSlots(looked.tensor, weights, slots));
}

/**
 * @param looked [..., S × width]: the vectors of all slots side by side
 * @param weights [..., S]
 * @param slots of each field, S in all
 * @returns [..., fields × width]
 */
function weightedSlots(looked: Tensor, weights: Tensor, slots: readonly number[]): Tensor {
  const lead = weights.shape.slice(0, -1);
  const all = weights.shape.at(-1)!;
  const width = looked.shape.at(-1)! / all;
  const weighted = tf.mul(
    tf.reshape(looked, [...lead, all, width]),
    tf.expandDims(weights, lead.length + 1),
  );
  if (slots.every((count) => count === 1)) return tf.reshape(weighted, [...lead, all * width]);
  const axis = lead.length;
  const sums = cut(weighted, slots, axis).map((part) => reduce(part, axis, "sum"));
  return sums.length === 1 ? sums[0]! : tf.concat(sums, axis);
}
