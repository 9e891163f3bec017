import type { Batch, Side } from "../model.js";
import { Ids, type Embedding } from "./embedding.js";
import { concat, Mixture } from "./joined.js";
import type { Kit } from "./kit.js";
import { LookedUp, type Lookup } from "./looked-up.js";
import { reduce } from "./operations.js";
import type { Sample } from "./sample.js";
import { tf, type Tensor } from "../tensorflow.js";
import { Value } from "./value.js";

/** A sample, and whether its user has an embedding that nobody has asked for. */
export interface ReadSample extends Sample {
  readonly usersUnread: () => boolean;
}

/** The embeddings every backbone starts from, and the function that reads a batch through them. */
export function sampleInput(kit: Kit): (batch: Batch) => ReadSample {
  const { shape } = kit;
  const { attributeFields } = shape;
  const table = (name: string, ids: number): Embedding =>
    kit.embedding(`${name}_embedding`, ids + 1, shape.embeddingDim);
  const item = table("item", shape.items);
  const attribute = table("attribute", shape.attributes);
  const rating = table("rating", shape.ratings);
  const user =
    shape.users === undefined ? null : kit.userEmbedding("user_embedding", shape.embeddingDim);

  return (batch) => {
    const itemIds = new Ids(batch.item);
    const attributeIds = new Ids(batch.itemAttributes);
    const items = new Both(item, itemIds, new Ids(batch.historyItems));
    const attributes = new Both(attribute, attributeIds, new Ids(batch.historyAttributes));
    const ratings = (): Value => rating.rows(new Ids(batch.historyRatings));
    const byShares = (table: Tensor): boolean =>
      kit.rewrites.has("means-by-shares") && Mixture.suits(table);
    const fewAttributes = byShares(attribute.table);
    // Small tables are mixed rather than looked up, so that nothing is looked up with their rows.
    const together = (): void => {
      if (!kit.rewrites.has("shared-lookup")) return;
      items.together();
      if (!fewAttributes) attributes.together();
    };
    const history = (): Tensor => {
      together();
      return concat([items.rows(), attributes.rows(), ratings()]).tensor;
    };
    const mean = (rows: () => Value): Value => new Value(() => reduce(rows().tensor, 2, "mean"));
    // A target's attribute is the mean of one.
    const mixtures = (table: Tensor, ids: readonly Tensor[]): Value[] =>
      ids.map((each) => new Mixture(table, each));
    let read = false;
    const userId = (): Ids | null => {
      if (user === null) return null;
      if (batch.user === undefined) throw new Error("the batch has no users");
      read = true;
      return new Ids(batch.user);
    };
    if ((batch.knowledge !== null) !== kit.widths.knowledge > 0) {
      throw new Error("a batch has knowledge where the model has an adaptor, and nowhere else");
    }
    // No leaf: through it the adaptor gets its gradient.
    const side = (which: Side): Value | null =>
      batch.knowledge === null ? null : new Value(batch.knowledge[which]);
    const [userKnowledge, itemKnowledge] = [side("user"), side("item")];
    return {
      item: itemIds,
      itemAttributes: attributeIds,
      target: concat([
        new Value(() => items.vector().tensor),
        ...(fewAttributes
          ? mixtures(attribute.table, tf.split(batch.itemAttributes, attributeFields, 2))
          : [new Value(() => attributes.vector().tensor)]),
      ]),
      get history() {
        if (kit.mode.anyBatch === true || !kit.rewrites.has("product-by-table")) {
          // The batch of an exported model may have any size: nothing is chosen by it.
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
        together();
        return concat([
          mean(() => items.rows()),
          ...(fewAttributes
            ? mixtures(attribute.table, tf.unstack(batch.historyAttributes, 3))
            : [mean(() => attributes.rows())]),
          ...(byShares(rating.table)
            ? mixtures(rating.table, [batch.historyRatings])
            : [mean(ratings)]),
        ]);
      },
      get historyMask() {
        return mask(batch.historyLength, kit.shape.historyLength);
      },
      get userId() {
        return userId();
      },
      get user() {
        const id = userId();
        return id === null ? null : user!.vector(id);
      },
      usersUnread: () => user !== null && !read,
      userKnowledge,
      itemKnowledge,
      knowledge: userKnowledge === null ? null : concat([userKnowledge, itemKnowledge]),
    };
  };
}

/** The target's vector and the history's, of one table: one look-up where both are asked for. */
class Both {
  #together = false;
  #made: readonly [Value, Value] | undefined;

  constructor(
    readonly table: Embedding,
    readonly target: Ids,
    readonly history: Ids,
  ) {}

  /** To be called before the first look-up where both will be asked for. */
  together(): void {
    this.#together = true;
  }
  vector(): Value {
    return this.#together ? this.#both()[0] : this.table.vector(this.target);
  }
  rows(): Value {
    return this.#together ? this.#both()[1] : this.table.rows(this.history);
  }
  #both(): readonly [Value, Value] {
    this.#made ??= this.table.both(this.target, this.history);
    return this.#made;
  }
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
