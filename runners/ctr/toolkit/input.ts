import type { Batch } from "../model.js";
import { Ids } from "./embedding.js";
import type { Kit } from "./kit.js";
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
    const [targetItem, historyItem] = item.both(itemIds, new Ids(batch.historyItems));
    const [targetAttributes, historyAttributes] = attribute.both(
      attributeIds,
      new Ids(batch.historyAttributes),
    );
    const historyRating = rating.rows(new Ids(batch.historyRatings));
    const parts = [historyItem, historyAttributes, historyRating];
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
      target: concat([targetItem, targetAttributes]),
      // Read by some backbones only, so made when asked for.
      get history() {
        return concat(parts);
      },
      get historyMean() {
        return concat(parts.map((part) => new Value(reduce(part.tensor, 2, "mean"))));
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
