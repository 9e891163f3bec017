import type { Ids } from "./embedding.js";
import type { FieldPlace, PlacedSlots } from "./data-fields.js";
import type { Value } from "./value.js";

/** One sample as a backbone sees it. Embeddings are shared by all uses. */
export interface Sample {
  /** The target item's id and its attributes', for embeddings of a backbone's own. */
  readonly item: Ids;
  readonly itemAttributes: Ids;
  /** Embedding of the target item, its attributes and its fields, a vector. */
  readonly target: Value;
  /** Embeddings of item, attributes, rating and the item's fields of each interaction, rows. */
  readonly history: Value;
  /** The plain mean of `history` over all its rows, padding included, a vector. */
  readonly historyMean: Value;
  /** 1 where the history holds an interaction and 0 on padding: rows of width 1. */
  readonly historyMask: Value;
  /** The user's id; null without an embedding of it (`ctr.user_id: false`). */
  readonly userId: Ids | null;
  /** Embedding of the user's id, then of the user's and the context's fields, a vector; null without any. */
  readonly user: Value | null;
  /** The vector of a field of the user, the target item or the context, by the field's name. */
  field(name: string): Value;
  /** The vectors of an item's field in the history, rows. */
  historyField(name: string): Value;
  /** For the toolkit alone. */
  readonly slots: { readonly [place in FieldPlace]: PlacedSlots | null };
  /** What the adaptor made of the user's and the item's knowledge, or null. */
  readonly userKnowledge: Value | null;
  readonly itemKnowledge: Value | null;
  /** Both side by side, a vector, or null. */
  readonly knowledge: Value | null;
}
