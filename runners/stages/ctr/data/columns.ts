import type { FieldOf } from "../../../base/artifacts/raw-fields.js";
import type { Device } from "../device.js";
import { tf, type Variable } from "../tensorflow.js";
import { labelsOf, type Interactions, type KnowledgeTables } from "./interactions.js";

/**
 * A data set's columns as variables, so that a traced graph holds them in its session and a step is
 * fed row numbers only. One row of padding stands after the last interaction.
 */
export interface Columns {
  /** Rows, padding not counted: N. */
  readonly rows: number;
  /** F */
  readonly attributeFields: number;
  /** Whole numbers [N + 1]: int32, or float32 where the device wants them so */
  readonly user: Variable;
  /** Row of the table of users' fields: usually the user. */
  readonly fieldUser: Variable;
  readonly item: Variable;
  readonly rating: Variable;
  /** Place of the row within its user's sequence, from 0. */
  readonly position: Variable;
  /** The row right behind a row's history; null where that is the row itself. */
  readonly anchor: Variable | null;
  /** float32 [N + 1], 0 or 1 */
  readonly label: Variable;
  /** Whole numbers [I + 1, F] */
  readonly itemAttributes: Variable;
  /** By place, ids and weights [rows, S]; null where there are no such fields. */
  readonly fields: { readonly [of in FieldOf]: SlotColumns | null };
  /** float32 [U + 1, D] and [I + 1, D'], or null without knowledge. */
  readonly userKnowledge: Variable | null;
  readonly itemKnowledge: Variable | null;
  dispose(): void;
}

/** Slots of fields: whole numbers and float32, each [rows, S]. */
export interface SlotColumns {
  readonly ids: Variable;
  readonly weights: Variable;
}

/** Rows and ids up to here are whole numbers in float32. */
const LARGEST_EXACT = 2 ** 24;

/** Loads columns into TensorFlow. */
export function makeColumns(
  { wholeNumbersAsFloats }: Device,
  data: Interactions,
  knowledge: KnowledgeTables | null,
): Columns {
  const rows = data.interactionItem.length;
  // float32 holds whole numbers up to 2^24 exactly, and is cast where it is used.
  const integers = wholeNumbersAsFloats && rows < LARGEST_EXACT ? "float32" : "int32";
  const items = data.itemAttributes;
  const attributeFields = data.attributeFields.length;
  const made: Variable[] = [];
  const variable = (values: Int32Array | Float32Array, shape: number[]): Variable => {
    const dtype = values instanceof Int32Array ? integers : "float32";
    const numbers = dtype === "float32" ? Float32Array.from(values) : values;
    const tensor = tf.tensor(numbers, shape, dtype);
    const result = tf.variable(tensor, false);
    tensor.dispose();
    made.push(result);
    return result;
  };
  const slots = (of: FieldOf): SlotColumns | null => {
    const table = data.fieldTables?.[of] ?? null;
    if (table === null) return null;
    // The row of padding behind the last interaction has no context.
    const count = table.ids.length / table.slots + (of === "context" ? 1 : 0);
    const padded = <T extends Int32Array | Float32Array>(values: T, all: T): T => {
      all.set(values);
      return all;
    };
    const ids = padded(table.ids, new Int32Array(count * table.slots));
    const weights = padded(table.weights, new Float32Array(count * table.slots));
    return {
      ids: variable(ids, [count, table.slots]),
      weights: variable(weights, [count, table.slots]),
    };
  };
  const column = <T extends Int32Array | Float32Array>(values: T): Variable => {
    const padded = new (values.constructor as new (length: number) => T)(rows + 1);
    padded.set(values);
    return variable(padded, [rows + 1]);
  };
  const user = column(data.interactionUser);
  return {
    rows,
    attributeFields,
    user,
    fieldUser: data.fieldUser === undefined ? user : column(data.fieldUser),
    item: column(data.interactionItem),
    rating: column(data.interactionRating),
    position: column(data.position),
    anchor: data.anchor === undefined ? null : column(data.anchor),
    label: column(labelsOf(data)),
    itemAttributes: variable(items, [items.length / attributeFields, attributeFields]),
    fields: { user: slots("user"), item: slots("item"), context: slots("context") },
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
