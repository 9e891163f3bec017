import type { Dataset } from "../../../base/artifacts/dataset.js";
import type { TensorFlow as tf } from "../../../base/tensorflow.js";
import { nodeBackend } from "../graph/backend.js";

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
  /** User and item of each row once more, where the host has them. */
  readonly ids: { readonly user: Int32Array; readonly item: Int32Array };
  /** Whole numbers [N + 1], int32 on a CPU and float32 on a card */
  readonly user: tf.Variable;
  readonly item: tf.Variable;
  readonly rating: tf.Variable;
  /** Place of the row within its user's sequence, from 0. */
  readonly position: tf.Variable;
  /** float32 [N + 1], 0 or 1 */
  readonly label: tf.Variable;
  /** Whole numbers [I + 1, F] */
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

/** Rows and ids up to here are whole numbers in float32. */
const LARGEST_EXACT = 2 ** 24;

/** Loads columns into TensorFlow. */
export function makeColumns(
  tensorflow: typeof tf,
  data: Interactions,
  knowledge: KnowledgeTables | null,
): Columns {
  const rows = data.interactionItem.length;
  // TensorFlow keeps int32 variables out of a card's memory, so that each gather would copy there
  // and back; float32 holds whole numbers up to 2^24 exactly, and is cast where it is used.
  const onCard = nodeBackend(tensorflow).isUsingGpuDevice && rows < LARGEST_EXACT;
  const integers = onCard ? "float32" : "int32";
  const items = data.itemAttributes;
  const attributeFields = data.attributeFields.length;
  const made: tf.Variable[] = [];
  const variable = (values: Int32Array | Float32Array, shape: number[]): tf.Variable => {
    const dtype = values instanceof Int32Array ? integers : "float32";
    const numbers = dtype === "float32" ? Float32Array.from(values) : values;
    const tensor = tensorflow.tensor(numbers, shape, dtype);
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
    ids: { user: data.interactionUser, item: data.interactionItem },
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
