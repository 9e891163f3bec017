import { UserError } from "../../../../src/base/exit.js";
import { readItems, readUsers } from "../../../base/artifacts/dataset.js";
import { anchorOf, type SampleRows } from "../../../base/artifacts/negatives.js";
import { fitFields, slotTable, type FittedFields } from "../../../base/fields/fit.js";
import type { Interactions } from "../data/interactions.js";
import { stranger } from "./samples.js";

/** A prepared data set and the folder of its artifact. */
export interface Prepared {
  readonly folder: string;
  readonly dataset: SampleRows;
}

/**
 * The interactions of another preparation of a cell's data set, in the numbers that the cell knows:
 * users and items by their raw ids, an item with the attributes that the cell trained with. Only
 * data sets of one id share their raw ids. Users whom the cell does not know become
 * {@link stranger}s; an item that it does not know has no embedding, so that a sample that shows one
 * is an error.
 */
export async function translated(
  own: Prepared,
  other: Prepared,
  {
    rows,
    position,
    historyLength,
  }: { readonly rows: Int32Array; readonly position: Int32Array; readonly historyLength: number },
): Promise<Interactions> {
  const [mine, theirs] = [own.dataset, other.dataset];
  if (mine.id !== theirs.id) {
    throw new UserError(
      `the cell was trained on ${mine.id}, whose ids are not those of ${theirs.id} in ${other.folder}`,
    );
  }
  const [users, items, otherUsers, otherItems] = await Promise.all([
    readUsers(own.folder),
    readItems(own.folder),
    readUsers(other.folder),
    readItems(other.folder),
  ]);
  const userOf = numbers(users, otherUsers);
  const itemOf = numbers(items, otherItems);
  const interactionItem = theirs.interactionItem.map((item) => itemOf[item]!);
  for (const row of rows) {
    const behind = anchorOf(theirs, row);
    const shown = Math.min(position[row]!, historyLength);
    for (const at of [...Array.from({ length: shown }, (_, n) => behind - shown + n), row]) {
      if (interactionItem[at] !== 0) continue;
      const { id } = otherItems[theirs.interactionItem[at]! - 1]!;
      throw new UserError(`the cell's data set has no item ${id}, which ${other.folder} shows`);
    }
  }
  return {
    interactionUser: theirs.interactionUser.map((user) => userOf[user]!),
    interactionItem,
    interactionRating: theirs.interactionRating,
    position,
    fieldTables: translatedFields(own, other),
    ...(theirs.anchor === undefined ? {} : { anchor: theirs.anchor }),
    itemAttributes: mine.itemAttributes,
    attributeFields: mine.attributeFields,
    likeAbove: theirs.likeAbove,
  };
}

interface Numbered {
  readonly id: string;
  readonly index: number;
}

/**
 * For each number in the other data set, the number of the same raw id in the cell's data set; 0 if
 * there is none.
 */
function numbers(own: readonly Numbered[], other: readonly Numbered[]): Int32Array {
  const known = new Map(own.map(({ id, index }) => [id, index]));
  const table = new Int32Array(other.length + 1);
  for (const { id, index } of other) table[index] = known.get(id) ?? stranger;
  return table;
}

/**
 * The cell's fields by the cell's users and items, and by the contexts of the other data set, whose values
 * are read by the fields' names. A user or an item that the cell does not know has none.
 */
function translatedFields(own: Prepared, other: Prepared): FittedFields["tables"] | null {
  const fitted = fitFields(own.dataset);
  if (fitted === null) return null;
  const contexts = fitted.fields.filter(({ of }) => of === "context");
  if (contexts.length === 0) return fitted.tables;
  const raw = contexts.map((field) => {
    const found = other.dataset.fields?.find(
      ({ name, of }) => name === field.name && of === "context",
    );
    if (found !== undefined) return found;
    throw new UserError(
      `the cell was trained with the field ${field.name} of the context, which ${other.folder} does not have`,
    );
  });
  return { ...fitted.tables, context: slotTable(contexts, raw, false) };
}
