import type { TensorFlow as tf } from "../../tensorflow.js";
import type { Batch } from "../model.js";
import type { Columns } from "./columns.js";

/** What the adaptor made of all users' and all items' vectors: float32 [R, U + 1, d]. */
export interface AdaptedTables {
  readonly users: tf.Tensor;
  readonly items: tf.Tensor;
}

/**
 * The users and items of a batch, each once, and where each sample's are among them: int32 [R, n] and
 * [R, B]. What is left of n stands for nobody.
 */
export interface Distinct {
  readonly users: tf.Tensor;
  readonly userPlaces: tf.Tensor;
  readonly items: tf.Tensor;
  readonly itemPlaces: tf.Tensor;
}

/**
 * Builds the batch of samples given by row numbers, in tfjs operations that trace into a graph.
 *
 * @param rows int32 [R, B]
 * @param historyLength H: the sample sees the rows right before its own, at most H of the user's
 * @param full true where every sample that is asked for has H rows before it
 * @param knowledge what stands for it: in scoring what was made of the raw vectors, in training the
 *   distinct ones of the batch where they are known; otherwise each sample has its own raw vectors
 */
export function batchOf(
  tensorflow: typeof tf,
  columns: Columns,
  rows: tf.Tensor,
  historyLength: number,
  full: boolean,
  knowledge: AdaptedTables | Distinct | null,
): { readonly batch: Batch; readonly label: tf.Tensor } {
  const t = tensorflow;
  const take = (table: tf.Variable, ids: tf.Tensor): tf.Tensor =>
    whole(t.gather(table, ids as never));
  const item = take(columns.item, rows);
  const lengths = full
    ? t.fill(rows.shape, historyLength, "int32")
    : t.minimum(take(columns.position, rows), t.scalar(historyLength, "int32"));
  const history = historyRows(t, columns, rows, lengths, historyLength, full);
  const historyItems = take(columns.item, history);
  const user = (): tf.Tensor => take(columns.user, rows);
  return {
    batch: {
      item,
      itemAttributes: take(columns.itemAttributes, item),
      historyItems,
      historyAttributes: take(columns.itemAttributes, historyItems),
      historyRatings: take(columns.rating, history),
      attributesOfItems: whole(columns.itemAttributes),
      historyLength: lengths,
      ...knowledgeOf(t, columns, user, item, knowledge),
    },
    label: t.gather(columns.label, rows as never),
  };
}

/** Whole numbers as int32, in which they stand on a CPU already. */
export const whole = (numbers: tf.Tensor): tf.Tensor =>
  numbers.dtype === "int32" ? numbers : numbers.toInt();

/** int32 [R, B, H]: rows of the history, oldest first, the padding row where there is none. */
function historyRows(
  t: typeof tf,
  columns: Columns,
  rows: tf.Tensor,
  lengths: tf.Tensor,
  historyLength: number,
  full: boolean,
): tf.Tensor {
  const steps = t.range(0, historyLength, 1, "int32");
  const first = full ? t.sub(rows, t.scalar(historyLength, "int32")) : t.sub(rows, lengths);
  const history = t.add(t.expandDims(first, -1), steps);
  if (full) return history;
  const present = t.less(steps, t.expandDims(lengths, -1));
  const padding = t.fill(history.shape, columns.rows, "int32");
  return t.where(present, history, padding);
}

function knowledgeOf(
  t: typeof tf,
  { userKnowledge: users, itemKnowledge: items }: Columns,
  user: () => tf.Tensor,
  item: tf.Tensor,
  from: AdaptedTables | Distinct | null,
): Pick<Batch, "userKnowledge" | "itemKnowledge" | "userPlaces" | "itemPlaces" | "adapted"> {
  if (users === null || items === null) return { userKnowledge: null, itemKnowledge: null };
  if (from === null) {
    return {
      userKnowledge: t.gather(users, user() as never),
      itemKnowledge: t.gather(items, item as never),
    };
  }
  if ("userPlaces" in from) {
    return {
      userKnowledge: t.gather(users, from.users as never),
      itemKnowledge: t.gather(items, from.items as never),
      userPlaces: from.userPlaces,
      itemPlaces: from.itemPlaces,
    };
  }
  // Every replica has its own table and, in scoring, the same rows.
  const same = (ids: tf.Tensor): tf.Tensor1D =>
    t.reshape(t.slice(ids, 0, 1), [ids.shape[1]!]) as tf.Tensor1D;
  return {
    userKnowledge: t.gather(from.users, same(user()), 1),
    itemKnowledge: t.gather(from.items, same(item), 1),
    adapted: true,
  };
}
