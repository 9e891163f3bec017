import { tf, type Tensor, type Variable } from "../tensorflow.js";
import { wholeRows } from "../data/batch.js";
import type { Columns } from "../data/columns.js";
import { adapted } from "../knowledge.js";
import type { Knowledge, Model } from "../model.js";
import { lookUp } from "../toolkit/operations.js";
import type { AdaptedTables } from "./adapted.js";
import type { Distinct } from "./distinct.js";

/*
 * The ways to the knowledge of samples given by row, int32 [R, B]. They differ in how often the
 * adaptor sees a vector that several samples share. Each is null where there is no knowledge.
 */

/** The plain way: the adaptor sees the vectors of each sample. */
export function ofEachSample(model: Model, columns: Columns, rows: Tensor): Knowledge | null {
  const { user, item } = columns;
  return ofIds(model, columns, { user: wholeRows(user, rows), item: wholeRows(item, rows) });
}

/** The adaptor sees the vector of each different user and item once. */
export function ofDistinct(model: Model, columns: Columns, ids: Distinct): Knowledge | null {
  const once = ofIds(model, columns, { user: ids.users, item: ids.items });
  if (once === null) return null;
  return {
    user: lookUp(once.user, ids.userPlaces, "sums"),
    item: lookUp(once.item, ids.itemPlaces, "sums"),
  };
}

/** All users and items were adapted before; the rows are the same in each replica. */
export function ofTables(
  { users, items }: AdaptedTables,
  columns: Columns,
  rows: Tensor,
): Knowledge {
  const same = tf.reshape(tf.slice(rows, 0, 1), [rows.shape[1]!]);
  const of = (table: Tensor, ids: Variable): Tensor =>
    tf.gather(table, wholeRows(ids, same) as never, 1);
  return { user: of(users, columns.user), item: of(items, columns.item) };
}

/** What the adaptor makes of the users and items with these ids, int32 [R, n] each. */
function ofIds(
  model: Model,
  { userKnowledge, itemKnowledge }: Columns,
  ids: { readonly user: Tensor; readonly item: Tensor },
): Knowledge | null {
  if (model.adapt === null || userKnowledge === null || itemKnowledge === null) return null;
  return adapted(model, {
    user: tf.gather(userKnowledge, ids.user as never),
    item: tf.gather(itemKnowledge, ids.item as never),
  });
}
