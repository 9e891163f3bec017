import type { UserError } from "../../../../src/base/exit.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../src/base/json.js";
import { VALUE_GAP } from "../../../base/artifacts/raw-fields.js";
import { encode, type FittedField } from "../../../base/fields/encode.js";
import type { FittedFields, SlotTable } from "../../../base/fields/fit.js";
import type { Interactions } from "../data/interactions.js";

/** Texts of the fields that a sample gives, by their names. */
export type FieldTexts = ReadonlyMap<string, string>;

const WHOSE = { context: "the context has", user: "users have" } as const;

/** Texts of the fields that a sample gives of its context or its user. */
export function fieldsGiven(
  given: unknown,
  of: keyof typeof WHOSE,
  fields: FittedFields | null,
  wrong: (what: string) => UserError,
): FieldTexts {
  if (given === undefined) return new Map();
  if (!isJsonObject(given as Json)) {
    throw wrong(`${of === "user" ? "user_fields" : of} is not a mapping of fields`);
  }
  const own = (fields?.fields ?? []).filter((field) => field.of === of);
  return new Map(
    Object.entries(given as JsonObject).map(([name, value]) => {
      const field = own.find((each) => each.name === name);
      if (field === undefined) {
        const known = own.length === 0 ? "none" : own.map((each) => each.name).join(", ");
        throw wrong(`${WHOSE[of]} no field ${name}; the data set has ${known}`);
      }
      const values = Array.isArray(value) ? value : [value];
      const numeric = field.kind === "number" || field.kind === "buckets";
      const text = values
        .filter((each) => each !== null)
        .map(String)
        .join(VALUE_GAP);
      if (numeric && text !== "" && !Number.isFinite(Number(text)))
        throw wrong(`the field ${name} is ${JSON.stringify(value)}, no number`);
      return [name, text];
    }),
  );
}

/**
 * The fields of rows that samples have made.
 *
 * @param user number of each row's user, 0 for one whom the data set does not know
 * @param contexts by row; rows of histories have none
 * @param users by row: what a sample says of its user, over what the data set says
 */
export function fieldsOfRows(
  fitted: FittedFields,
  user: readonly number[],
  contexts: ReadonlyMap<number, FieldTexts>,
  users: ReadonlyMap<number, FieldTexts>,
): Pick<Interactions, "fieldTables" | "fieldUser"> {
  const contextFields = fitted.fields.filter(({ of }) => of === "context");
  const context = contextFields.length === 0 ? null : emptyTable(contextFields, user.length);
  if (context !== null) {
    for (const [row, texts] of contexts) {
      for (const field of contextFields)
        write(context, contextFields, row, field, texts.get(field.name) ?? "");
    }
  }
  const known = fitted.tables.user;
  if (known === null || users.size === 0) return { fieldTables: { ...fitted.tables, context } };
  const userFields = fitted.fields.filter(({ of }) => of === "user");
  const before = known.ids.length / known.slots;
  const table = emptyTable(userFields, before + users.size);
  table.ids.set(known.ids);
  table.weights.set(known.weights);
  const fieldUser = Int32Array.from(user);
  let next = before;
  for (const [row, texts] of users) {
    const who = user[row]!;
    const from = who * table.slots;
    table.ids.copyWithin(next * table.slots, from, from + table.slots);
    table.weights.copyWithin(next * table.slots, from, from + table.slots);
    for (const field of userFields) {
      const text = texts.get(field.name);
      // Of a stranger, a field that is left out has no value.
      if (text !== undefined || who === 0) write(table, userFields, next, field, text ?? "");
    }
    fieldUser[row] = next;
    next += 1;
  }
  return { fieldTables: { ...fitted.tables, user: table, context }, fieldUser };
}

function emptyTable(fields: readonly FittedField[], rows: number): SlotTable {
  const slots = fields.reduce((sum, field) => sum + field.slots, 0);
  return { slots, ids: new Int32Array(rows * slots), weights: new Float32Array(rows * slots) };
}

/** Writes the value of one of a table's fields into a row. */
function write(
  { slots, ids, weights }: SlotTable,
  fields: readonly FittedField[],
  row: number,
  field: FittedField,
  text: string,
): void {
  const before = fields.slice(0, fields.indexOf(field));
  const at = row * slots + before.reduce((sum, each) => sum + each.slots, 0);
  ids.fill(0, at, at + field.slots);
  weights.fill(0, at, at + field.slots);
  encode(field, text).slots.forEach(([id, weight], slot) => {
    ids[at + slot] = id;
    weights[at + slot] = weight;
  });
}
