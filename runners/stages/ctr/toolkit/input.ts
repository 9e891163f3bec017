import type { Batch, Subject } from "../model.js";
import { Ids, type Embedding } from "./embedding.js";
import type { Forward } from "./expression.js";
import type { Kit } from "./kit.js";
import type { Sample } from "./sample.js";
import { tf, type Tensor } from "../tensorflow.js";
import { concat, Value } from "./value.js";

/** A sample, and whether the model has an embedding of users that the backbone did not use. */
export interface ReadSample extends Sample {
  readonly usersUnread: () => boolean;
}

/** Reads a batch in a forward pass. */
export type ReadBatch = (batch: Batch, forward: Forward<Value>) => ReadSample;

/** Makes the embeddings that every backbone starts from; returns the function that reads a batch. */
export function sampleInput(kit: Kit): ReadBatch {
  const { shape } = kit;
  const table = (name: string, ids: number): Embedding =>
    kit.embedding(`${name}_embedding`, ids + 1, shape.embeddingDim);
  const item = table("item", shape.items);
  const attribute = table("attribute", shape.attributes);
  const rating = table("rating", shape.ratings);
  const user =
    shape.users === undefined ? null : kit.userEmbedding("user_embedding", shape.embeddingDim);

  return (batch, forward) => {
    const ids = (tensor: Tensor): Ids => new Ids(tensor, forward);
    if ((batch.knowledge !== null) !== kit.widths.knowledge > 0) {
      throw new Error("a batch has knowledge where the model has an adaptor, and nowhere else");
    }
    // Not a leaf: its gradient goes on to the adaptor.
    const adapted = (subject: Subject): Value | null =>
      batch.knowledge === null ? null : new Value(batch.knowledge[subject], forward);
    const [userKnowledge, itemKnowledge] = [adapted("user"), adapted("item")];

    const targetItem = item.vector(ids(batch.item));
    const targetAttributes = attribute.vector(ids(batch.itemAttributes));
    const past = [
      item.rows(ids(batch.historyItems), { beside: targetItem }),
      attribute.rows(ids(batch.historyAttributes), {
        beside: targetAttributes,
        ...(batch.attributesOfItems && {
          through: { list: batch.attributesOfItems, places: batch.historyItems },
        }),
      }),
      rating.rows(ids(batch.historyRatings)),
    ];
    const userId = user === null ? null : ids(usersOf(batch));
    const ofUser = user === null ? null : user.vector(ids(usersOf(batch)));
    return {
      item: ids(batch.item),
      itemAttributes: ids(batch.itemAttributes),
      target: concat([targetItem, targetAttributes]),
      history: concat(past),
      historyMean: concat(past.map((rows) => rows.made({ kind: "mean", of: rows }))),
      historyMask: new Value(
        { kind: "given", make: () => mask(batch.historyLength, shape.historyLength) },
        forward,
        true,
      ),
      userId,
      user: ofUser,
      usersUnread: () => userId !== null && !userId.read && !ofUser!.computed,
      userKnowledge,
      itemKnowledge,
      knowledge: userKnowledge === null ? null : concat([userKnowledge, itemKnowledge]),
    };
  };
}

function usersOf({ user }: Batch): Tensor {
  if (user === undefined) throw new Error("the batch has no users");
  return user;
}

/** From lengths [R, B] to a mask [R, B, H, 1]: 1 at positions below the length, else 0. */
function mask(lengths: Tensor, positions: number): Tensor {
  const [replicas, samples] = lengths.shape as [number, number];
  const place = tf.tensor1d(
    Array.from({ length: positions }, (_, i) => i),
    "int32",
  );
  const inside = tf.less(place, tf.reshape(lengths, [replicas, samples, 1]));
  return tf.reshape(tf.cast(inside, "float32"), [replicas, samples, positions, 1]);
}
