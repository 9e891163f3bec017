import type { Batch, Subject } from "../model.js";
import { fieldVectors, placedSlots, type FieldPlace, type PlacedSlots } from "./data-fields.js";
import { Ids, type Embedding } from "./embedding.js";
import type { Forward } from "./expression.js";
import type { Kit } from "./kit.js";
import type { Sample } from "./sample.js";
import { tf, type Tensor } from "../tensorflow.js";
import { concat, Value } from "./value.js";

/** A sample, and what of it the backbone did not use. */
export interface ReadSample extends Sample {
  /** True where the model has an embedding of users. */
  readonly usersUnread: () => boolean;
  /** Fields of the user and the context, where it used none of them. */
  readonly fieldsUnread: () => readonly string[];
}

/** Fields of one place: their slots, and their vectors side by side. */
interface PlacedFields {
  readonly slots: PlacedSlots;
  readonly all: Value;
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
  const fields = shape.fields ?? [];
  const fieldTable = fields.length === 0 ? null : table("field", shape.fieldIds!);

  return (batch, forward) => {
    const ids = (tensor: Tensor): Ids => new Ids(tensor, forward);
    if ((batch.knowledge !== null) !== kit.widths.knowledge > 0) {
      throw new Error("a batch has knowledge where the model has an adaptor, and nowhere else");
    }
    // Not a leaf: its gradient goes on to the adaptor.
    const adapted = (subject: Subject): Value | null =>
      batch.knowledge === null ? null : new Value(batch.knowledge[subject], forward);
    const [userKnowledge, itemKnowledge] = [adapted("user"), adapted("item")];

    const fieldsAt = (place: FieldPlace): PlacedFields | null => {
      const slots = placedSlots(fields, place, batch.fields?.[place], forward);
      if (slots === null) return null;
      const make = (tensor: () => Tensor): Value =>
        new Value({ kind: "given", make: tensor }, forward);
      return { slots, all: fieldVectors(fieldTable!, slots, make) };
    };
    const placed = {
      user: fieldsAt("user"),
      item: fieldsAt("item"),
      context: fieldsAt("context"),
      history: fieldsAt("history"),
    };
    const named = new Set<string>();
    const fieldOf = (name: string, places: readonly FieldPlace[]): Value => {
      for (const place of places) {
        const found = placed[place];
        const at = found?.slots.fields.findIndex((field) => field.name === name) ?? -1;
        if (at < 0) continue;
        named.add(name);
        return found!.all.split(found!.slots.fields.map(() => shape.embeddingDim))[at]!;
      }
      const all = places.flatMap((place) => placed[place]?.slots.fields ?? []);
      const known = all.length === 0 ? "none" : all.map((field) => field.name).join(", ");
      throw new Error(`there is no field ${name} here; the data set has ${known}`);
    };

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
      ...(placed.history === null ? [] : [placed.history.all]),
    ];
    const userId = user === null ? null : ids(usersOf(batch));
    const ofUser = user === null ? null : user.vector(ids(usersOf(batch)));
    const [userFields, contextFields] = [placed.user?.all ?? null, placed.context?.all ?? null];
    const others = [ofUser, userFields, contextFields].filter((value) => value !== null);
    // Whether its value is computed does not tell: a rewrite may use the table in its place.
    let userRead = false;
    const allOfUser = others.length === 0 ? null : concat(others);
    return {
      item: ids(batch.item),
      itemAttributes: ids(batch.itemAttributes),
      target: concat([targetItem, targetAttributes, placed.item?.all ?? null]),
      history: concat(past),
      historyMean: concat(past.map((rows) => rows.made({ kind: "mean", of: rows }))),
      historyMask: new Value(
        { kind: "given", make: () => mask(batch.historyLength, shape.historyLength) },
        forward,
        true,
      ),
      userId,
      get user() {
        userRead = true;
        return allOfUser;
      },
      usersUnread: () => userId !== null && !userId.read && !userRead,
      fieldsUnread: () => {
        const own = fields.filter(({ of }) => of !== "item").map(({ name }) => name);
        return userRead || own.some((name) => named.has(name)) ? [] : own;
      },
      field: (name) => fieldOf(name, ["user", "item", "context"]),
      historyField: (name) => fieldOf(name, ["history"]),
      slots: {
        user: placed.user?.slots ?? null,
        item: placed.item?.slots ?? null,
        context: placed.context?.slots ?? null,
        history: placed.history?.slots ?? null,
      },
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
