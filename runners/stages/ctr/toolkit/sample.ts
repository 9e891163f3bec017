import type { Ids } from "./embedding.js";
import type { Value } from "./value.js";

/** One sample as a backbone sees it. Embeddings are shared by all uses. */
export interface Sample {
  /** The target item's id and its attributes', for embeddings of a backbone's own. */
  readonly item: Ids;
  readonly itemAttributes: Ids;
  /** Embedding of the target item and its attributes, a vector. */
  readonly target: Value;
  /** Embeddings of item, attributes and rating of each interaction, rows. */
  readonly history: Value;
  /** The plain mean of `history` over all its rows, padding included, a vector. */
  readonly historyMean: Value;
  /** 1 where the history holds an interaction and 0 on padding: rows of width 1. */
  readonly historyMask: Value;
  /** The user's id, and its embedding, a vector; null without one (`ctr.user_id: false`). */
  readonly userId: Ids | null;
  readonly user: Value | null;
  /** What the adaptor made of the user's and the item's knowledge, or null. */
  readonly userKnowledge: Value | null;
  readonly itemKnowledge: Value | null;
  /** Both side by side, a vector, or null. */
  readonly knowledge: Value | null;
}
