import { tf, type Tensor, type Variable } from "../tensorflow.js";
import type { Batch, FieldSlots, Knowledge, ModelShape } from "../model.js";
import type { Columns, SlotColumns } from "./columns.js";

/**
 * Builds the batch of samples given by row numbers, in tfjs operations that trace into a graph.
 *
 * @param rows int32 [R, B]
 * @param shape of the model: a sample sees the rows right before its own, at most `historyLength` of
 *   the user's; it says who the user is where the model has `users`
 * @param full true where every sample that is asked for has H rows before it
 * @param knowledge of these samples, see train/knowledge.ts
 */
export function batchOf(
  columns: Columns,
  rows: Tensor,
  { historyLength, users }: Pick<ModelShape, "historyLength" | "users">,
  full: boolean,
  knowledge: Knowledge | null,
): { readonly batch: Batch; readonly label: Tensor } {
  const take = (table: Variable, ids: Tensor): Tensor => wholeRows(table, ids);
  const item = take(columns.item, rows);
  const lengths = full
    ? tf.fill(rows.shape, historyLength, "int32")
    : tf.minimum(take(columns.position, rows), tf.scalar(historyLength, "int32"));
  const history = historyRows(columns, rows, lengths, historyLength, full);
  const historyItems = take(columns.item, history);
  return {
    batch: {
      item,
      itemAttributes: take(columns.itemAttributes, item),
      historyItems,
      historyAttributes: take(columns.itemAttributes, historyItems),
      historyRatings: take(columns.rating, history),
      attributesOfItems: whole(columns.itemAttributes),
      historyLength: lengths,
      ...(users === undefined ? {} : { user: take(columns.user, rows) }),
      ...fieldsOf(columns, { rows, item, historyItems }),
      knowledge,
    },
    label: tf.gather(columns.label, rows as never),
  };
}

/** The slots of the samples' fields; nothing where the data set has no fields. */
function fieldsOf(
  { fields: { user, item, context }, fieldUser, anchor }: Columns,
  at: { readonly rows: Tensor; readonly item: Tensor; readonly historyItems: Tensor },
): Pick<Batch, "fields"> {
  if (user === null && item === null && context === null) return {};
  const slots = ({ ids, weights }: SlotColumns, places: Tensor): FieldSlots => ({
    ids: wholeRows(ids, places),
    weights: tf.gather(weights, places as never),
  });
  const behind = anchor === null ? at.rows : wholeRows(anchor, at.rows);
  return {
    fields: {
      ...(user === null ? {} : { user: slots(user, wholeRows(fieldUser, at.rows)) }),
      ...(item === null
        ? {}
        : { item: slots(item, at.item), history: slots(item, at.historyItems) }),
      ...(context === null ? {} : { context: slots(context, behind) }),
    },
  };
}

/** Whole numbers as int32. On a CPU they are int32 already. */
export const whole = (numbers: Tensor): Tensor =>
  numbers.dtype === "int32" ? numbers : numbers.toInt();

/** Rows of a column of whole numbers, int32. */
export const wholeRows = (column: Variable, rows: Tensor): Tensor =>
  whole(tf.gather(column, rows as never));

/** int32 [R, B, H]: rows of the history, oldest first, the padding row where there is none. */
function historyRows(
  columns: Columns,
  rows: Tensor,
  lengths: Tensor,
  historyLength: number,
  full: boolean,
): Tensor {
  const behind = columns.anchor === null ? rows : wholeRows(columns.anchor, rows);
  const steps = tf.range(0, historyLength, 1, "int32");
  const first = full ? tf.sub(behind, tf.scalar(historyLength, "int32")) : tf.sub(behind, lengths);
  const history = tf.add(tf.expandDims(first, -1), steps);
  if (full) return history;
  const present = tf.less(steps, tf.expandDims(lengths, -1));
  const padding = tf.fill(history.shape, columns.rows, "int32");
  return tf.where(present, history, padding);
}
