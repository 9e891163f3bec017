import type { Batch } from "../model.js";
import { Ids } from "./embedding.js";
import type { Kit } from "./kit.js";
import { LookedUp, type Lookup } from "./looked-up.js";
import { reduce } from "./operations.js";
import type { Sample } from "./sample.js";
import { tf, type Tensor } from "./tensorflow.js";
import { concat, Value } from "./value.js";

/** Turns one side's raw knowledge vectors into features. */
export type Adapt = (side: "user" | "item", vectors: Value) => Value;

/** The embeddings every backbone starts from, and the function that reads a batch through them. */
export function sampleInput(kit: Kit, adapt: Adapt | null): (batch: Batch) => Sample {
  const { items, attributes, ratings, embeddingDim } = kit.shape;
  const item = kit.embedding("item_embedding", items + 1, embeddingDim);
  const attribute = kit.embedding("attribute_embedding", attributes + 1, embeddingDim);
  const rating = kit.embedding("rating_embedding", ratings + 1, embeddingDim);

  return (batch) => {
    const itemIds = new Ids(batch.item);
    const attributeIds = new Ids(batch.itemAttributes);
    // Where the history's own vectors are wanted, they and the target's are looked up together.
    let wanted = false;
    let made: { readonly target: Value; readonly history: readonly Value[] } | undefined;
    const together = (): NonNullable<typeof made> => {
      if (made !== undefined) return made;
      const [targetItem, historyItem] = item.both(itemIds, new Ids(batch.historyItems));
      const [targetAttributes, historyAttributes] = attribute.both(
        attributeIds,
        new Ids(batch.historyAttributes),
      );
      const historyRating = rating.rows(new Ids(batch.historyRatings));
      made = {
        target: concat([targetItem, targetAttributes]),
        history: [historyItem, historyAttributes, historyRating],
      };
      return made;
    };
    const target = (): Value =>
      wanted || made !== undefined
        ? together().target
        : concat([item.vector(itemIds), attribute.vector(attributeIds)]);
    const history = (): Tensor => concat(together().history).tensor;
    const side = (which: "user" | "item", vectors: Tensor | null): Value | null => {
      if (adapt === null) return null;
      if (vectors === null) throw new Error(`the batch has no knowledge of the ${which}`);
      const value = new Value(vectors, true);
      return batch.adapted === true ? value : adapt(which, value);
    };
    const userKnowledge = side("user", batch.userKnowledge);
    const itemKnowledge = side("item", batch.itemKnowledge);
    return {
      item: itemIds,
      itemAttributes: attributeIds,
      target: new Value(() => target().tensor),
      get history() {
        if (kit.mode.anyBatch === true) {
          // The batch of an exported model may have any size: nothing is chosen by it.
          wanted = true;
          return new Value(history);
        }
        const lookups: Lookup[] = [
          { table: item.table, ids: batch.historyItems },
          ...attributeLookups(attribute.table, batch),
          { table: rating.table, ids: batch.historyRatings },
        ];
        return new LookedUp(lookups, history);
      },
      get historyMean() {
        wanted = true;
        const mean = (part: Value): Value => new Value(reduce(part.tensor, 2, "mean"));
        return new Value(() => concat(together().history.map(mean)).tensor);
      },
      get historyMask() {
        return mask(batch.historyLength, kit.shape.historyLength);
      },
      userKnowledge,
      itemKnowledge,
      knowledge: userKnowledge === null ? null : concat([userKnowledge, itemKnowledge]),
    };
  };
}

/** Look-ups of the history's attributes: through the items where it is known which each one has. */
function attributeLookups(table: Tensor, batch: Batch): Lookup[] {
  const { attributesOfItems, historyItems, historyAttributes } = batch;
  if (attributesOfItems !== undefined) {
    return tf
      .unstack(attributesOfItems, 1)
      .map((through) => ({ table, ids: historyItems, through }));
  }
  return tf.unstack(historyAttributes, 3).map((ids) => ({ table, ids }));
}

/** Lengths [R, B] to 1 at positions before the length and 0 from it on, [R, B, H, 1]. */
function mask(lengths: Tensor, positions: number): Value {
  const [replicas, samples] = lengths.shape as [number, number];
  const place = tf.tensor1d(
    Array.from({ length: positions }, (_, i) => i),
    "int32",
  );
  const inside = tf.less(place, tf.reshape(lengths, [replicas, samples, 1]));
  return new Value(tf.reshape(tf.cast(inside, "float32"), [replicas, samples, positions, 1]), true);
}
