import type { Dataset } from "../../dataset/read.js";
import type { TensorFlow as tf } from "../../tensorflow.js";

/** Raw knowledge vectors by user and by item, row 0 being padding: float32, row-major. */
export interface KnowledgeTables {
  readonly users: Float32Array;
  readonly userDim: number;
  readonly items: Float32Array;
  readonly itemDim: number;
}

/** What the columns are made of: the parts of a data set that a sample's features come from. */
export type Interactions = Pick<
  Dataset,
  | "interactionUser"
  | "interactionItem"
  | "interactionRating"
  | "itemAttributes"
  | "likeAbove"
  | "attributeFields"
> & {
  /** [N]: place of each row within its user's sequence, from 0. */
  readonly position: Int32Array;
};

/**
 * A data set's columns as variables, so that a traced graph holds them in its session and a step is
 * fed row numbers only. One row of padding stands after the last interaction.
 */
export interface Columns {
  /** Rows, padding not counted: N. */
  readonly rows: number;
  /** F */
  readonly attributeFields: number;
  /** int32 [N + 1] */
  readonly user: tf.Variable;
  readonly item: tf.Variable;
  readonly rating: tf.Variable;
  /** Place of the row within its user's sequence, from 0. */
  readonly position: tf.Variable;
  /** float32 [N + 1], 0 or 1 */
  readonly label: tf.Variable;
  /** int32 [I + 1, F] */
  readonly itemAttributes: tf.Variable;
  /** float32 [U + 1, D] and [I + 1, D'], or null without knowledge. */
  readonly userKnowledge: tf.Variable | null;
  readonly itemKnowledge: tf.Variable | null;
  dispose(): void;
}

/** Labels of all interactions: 1 where the rating is above what counts as liking. */
export function labelsOf(data: Pick<Dataset, "interactionRating" | "likeAbove">): Float32Array {
  return Float32Array.from(data.interactionRating, (rating) => (rating > data.likeAbove ? 1 : 0));
}

/** Place of each interaction within its user's sequence, from 0. */
export function positionsOf(data: Pick<Dataset, "offsets" | "interactionUser">): Int32Array {
  return data.interactionUser.map((user, row) => row - data.offsets[user]!);
}

/** Loads columns into TensorFlow. */
export function makeColumns(
  tensorflow: typeof tf,
  data: Interactions,
  knowledge: KnowledgeTables | null,
): Columns {
  const rows = data.interactionItem.length;
  const items = data.itemAttributes;
  const attributeFields = data.attributeFields.length;
  const made: tf.Variable[] = [];
  const variable = (values: Int32Array | Float32Array, shape: number[]): tf.Variable => {
    const dtype = values instanceof Int32Array ? "int32" : "float32";
    const tensor = tensorflow.tensor(values, shape, dtype);
    const result = tensorflow.variable(tensor, false);
    tensor.dispose();
    made.push(result);
    return result;
  };
  const column = <T extends Int32Array | Float32Array>(values: T): tf.Variable => {
    const padded = new (values.constructor as new (length: number) => T)(rows + 1);
    padded.set(values);
    return variable(padded, [rows + 1]);
  };
  return {
    rows,
    attributeFields,
    user: column(data.interactionUser),
    item: column(data.interactionItem),
    rating: column(data.interactionRating),
    position: column(data.position),
    label: column(labelsOf(data)),
    itemAttributes: variable(items, [items.length / attributeFields, attributeFields]),
    userKnowledge:
      knowledge === null
        ? null
        : variable(knowledge.users, [
            knowledge.users.length / knowledge.userDim,
            knowledge.userDim,
          ]),
    itemKnowledge:
      knowledge === null
        ? null
        : variable(knowledge.items, [
            knowledge.items.length / knowledge.itemDim,
            knowledge.itemDim,
          ]),
    dispose: () => {
      for (const each of made) each.dispose();
    },
  };
}
