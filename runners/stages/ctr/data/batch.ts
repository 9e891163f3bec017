import type { TensorFlow as tf } from "../../../base/tensorflow.js";
import type { Batch, ModelShape } from "../model.js";
import type { Columns } from "./columns.js";

/** What the adaptor made of all users' and all items' vectors: float32 [R, U + 1, d]. */
export interface AdaptedTables {
  readonly users: tf.Tensor;
  readonly items: tf.Tensor;
}

/** What the adaptor made of the vectors of each sample's user and item: float32 [R, B, d]. */
export interface AdaptedRows {
  readonly ofUsers: tf.Tensor;
  readonly ofItems: tf.Tensor;
}

/**
 * Builds the batch of samples given by row numbers, in tfjs operations that trace into a graph.
 *
 * @param rows int32 [R, B]
 * @param shape of the model: a sample sees the rows right before its own, at most `historyLength` of
 *   the user's; it says who the user is where the model has `users`
 * @param full true where every sample that is asked for has H rows before it
 * @param adapted takes the place of the raw vectors, by user and item or by sample
 */
export function batchOf(
  tensorflow: typeof tf,
  columns: Columns,
  rows: tf.Tensor,
  { historyLength, users }: Pick<ModelShape, "historyLength" | "users">,
  full: boolean,
  adapted: AdaptedTables | AdaptedRows | null,
): { readonly batch: Batch; readonly label: tf.Tensor } {
  const t = tensorflow;
  const take = (table: tf.Variable, ids: tf.Tensor): tf.Tensor => wholeRows(t, table, ids);
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
      ...(users === undefined ? {} : { user: user() }),
      ...knowledgeOf(t, columns, user, item, adapted),
      adapted: adapted !== null,
    },
    label: t.gather(columns.label, rows as never),
  };
}

/** Whole numbers as int32, in which they stand on a CPU already. */
export const whole = (numbers: tf.Tensor): tf.Tensor =>
  numbers.dtype === "int32" ? numbers : numbers.toInt();

/** Rows of a column of whole numbers, int32. */
export const wholeRows = (t: typeof tf, column: tf.Variable, rows: tf.Tensor): tf.Tensor =>
  whole(t.gather(column, rows as never));

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
  adapted: AdaptedTables | AdaptedRows | null,
): Pick<Batch, "userKnowledge" | "itemKnowledge"> {
  if (users === null || items === null) return { userKnowledge: null, itemKnowledge: null };
  if (adapted === null) {
    return {
      userKnowledge: t.gather(users, user() as never),
      itemKnowledge: t.gather(items, item as never),
    };
  }
  if ("ofUsers" in adapted) {
    return { userKnowledge: adapted.ofUsers, itemKnowledge: adapted.ofItems };
  }
  // Every replica has its own table and, in scoring, the same rows.
  const same = (ids: tf.Tensor): tf.Tensor1D =>
    t.reshape(t.slice(ids, 0, 1), [ids.shape[1]!]) as tf.Tensor1D;
  return {
    userKnowledge: t.gather(adapted.users, same(user()), 1),
    itemKnowledge: t.gather(adapted.items, same(item), 1),
  };
}
