import { xavierNormal } from "./initial.js";
import type { LayerContext } from "./context.js";
import { lookUp } from "./operations.js";
import { tf, type Tensor } from "../tensorflow.js";
import { Value } from "./value.js";

/** Ids of a sample: one, several (as in attributes), or rows of them; int32 [R, B, ...]. */
export class Ids {
  constructor(readonly tensor: Tensor) {}
}

/** A look-up; several ids of one sample, or of one row, give their vectors side by side. */
export interface Embedding {
  /** The table itself, [R, rows, width]. */
  readonly table: Tensor;
  /** One id a sample [R, B], or several [R, B, n]: a vector. */
  vector(ids: Ids): Value;
  /** Ids of each row [R, B, rows], or several a row [R, B, rows, n]: rows. */
  rows(ids: Ids): Value;
  /** `vector` of the first and `rows` of the second as one look-up. */
  both(single: Ids, rows: Ids): [Value, Value];
}

/** Xavier normal over the whole table, row 0 (padding) like any other. */
export function embedding(
  kit: LayerContext,
  name: string,
  rows: number,
  width: number,
  ofUsers = false,
): Embedding {
  const table = kit.parameters.add(name, [rows, width], xavierNormal(rows, width), true, ofUsers);
  const find = (ids: Tensor): Tensor => lookUp(table, tf.reshape(ids, [ids.shape[0]!, -1]));
  const asVector = (ids: Tensor, found: Tensor): Value =>
    new Value(tf.reshape(found, [ids.shape[0]!, ids.shape[1]!, (ids.shape[2] ?? 1) * width]));
  const asRows = (ids: Tensor, found: Tensor): Value => {
    const [replicas, samples, length, n = 1] = ids.shape as number[];
    return new Value(tf.reshape(found, [replicas!, samples!, length!, n * width]));
  };
  return {
    table,
    vector: ({ tensor }) => asVector(tensor, find(tensor)),
    rows: ({ tensor }) => asRows(tensor, find(tensor)),
    both: ({ tensor: single }, { tensor: many }) => {
      const flat = [single, many].map((ids) => tf.reshape(ids, [ids.shape[0]!, -1]));
      const found = lookUp(table, tf.concat(flat, 1));
      const sizes = flat.map((ids) => ids.shape[1]!);
      const [first, second] = tf.split(found, sizes, 1) as [Tensor, Tensor];
      return [asVector(single, first), asRows(many, second)];
    },
  };
}
