import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { anchorOf, type SampleRows } from "../../../../base/artifacts/negatives.js";
import { writeNpy, writeNpyPieces } from "../../../../base/files/write-npy.js";
import { labelsOf } from "../../data/interactions.js";
import type { CtrData } from "../../data/load.js";
import { type ArraysInfo, ARRAYS_FORMAT } from "./info.js";
import { describedFields } from "./fields.js";
import { perField } from "./per-field.js";

/** Samples whose histories are made at once: 4 MB at a history of 5, whatever the size of the data set. */
const PIECE = 1 << 17;

/**
 * Writes the arrays of a data set and `arrays.json`, which describes them, into a folder that is there
 * (docs/program-backbone.md). Labels of the test samples are not among them.
 *
 * @param history H: interactions in a sample's history
 */
export async function writeArrays(
  folder: string,
  data: CtrData,
  history: number,
): Promise<ArraysInfo> {
  const { dataset, knowledge, train, test } = data;
  const valid = data.valid!.rows;
  const splits = { train, valid, test: test.rows };
  const labels = labelsOf(dataset);
  for (const [name, rows] of Object.entries(splits)) {
    const file = (column: string): string => join(folder, `${name}.${column}.npy`);
    const column = (values: Int32Array): Int32Array => rows.map((row) => values[row]!);
    await writeNpy(file("user"), column(dataset.interactionUser), [rows.length]);
    await writeNpy(file("item"), column(dataset.interactionItem), [rows.length]);
    const lengths = rows.map((row) => lengthOf(dataset, row, history));
    await writeNpy(file("history_length"), lengths, [rows.length]);
    for (const [what, values] of Object.entries({
      item: dataset.interactionItem,
      rating: dataset.interactionRating,
    })) {
      const pieces = historiesOf(dataset, rows, values, history);
      await writeNpyPieces(file(`history_${what}`), pieces, [rows.length, history]);
    }
    await writeContexts(folder, name, data, rows);
    if (name === "test") continue;
    await writeNpy(
      file("label"),
      Float32Array.from(rows, (row) => labels[row]!),
      [rows.length],
    );
  }
  const fields = perField(dataset);
  await writeNpy(join(folder, "item_attributes.npy"), fields.numbers, [
    dataset.items + 1,
    fields.values.length,
  ]);
  for (const of of ["user", "item"] as const) {
    const table = data.fields?.tables[of] ?? null;
    if (table !== null) await writeSlots(join(folder, of), table.slots, table.ids, table.weights);
  }
  if (knowledge !== null) {
    const { users, userDim, items, itemDim } = knowledge;
    await writeNpy(join(folder, "user_knowledge.npy"), users, [users.length / userDim, userDim]);
    await writeNpy(join(folder, "item_knowledge.npy"), items, [items.length / itemDim, itemDim]);
  }
  const info: ArraysInfo = {
    format: ARRAYS_FORMAT,
    dataset: dataset.id,
    users: dataset.users,
    items: dataset.items,
    ratings: dataset.ratings,
    rating_values: dataset.shown?.values ?? null,
    like_above: dataset.likeAbove,
    attributes: dataset.attributeFields.map((name, field) => ({
      name,
      values: fields.values[field]!,
    })),
    ...(data.fields === null ? {} : describedFields(data.fields)),
    history_length: history,
    knowledge: knowledge === null ? null : { user: knowledge.userDim, item: knowledge.itemDim },
    samples: { train: train.length, valid: valid.length, test: test.rows.length },
  };
  await writeFile(join(folder, "arrays.json"), `${JSON.stringify(info, null, 2)}\n`);
  return info;
}

/** The fields of the contexts of a split's samples, [rows, S]. */
async function writeContexts(
  folder: string,
  split: string,
  { dataset, fields }: CtrData,
  rows: Int32Array,
): Promise<void> {
  const table = fields?.tables.context ?? null;
  if (table === null) return;
  const { slots } = table;
  const ids = new Int32Array(rows.length * slots);
  const weights = new Float32Array(rows.length * slots);
  rows.forEach((row, at) => {
    const from = anchorOf(dataset, row) * slots;
    ids.set(table.ids.subarray(from, from + slots), at * slots);
    weights.set(table.weights.subarray(from, from + slots), at * slots);
  });
  await writeSlots(join(folder, `${split}.context`), slots, ids, weights);
}

async function writeSlots(
  path: string,
  slots: number,
  ids: Int32Array,
  weights: Float32Array,
): Promise<void> {
  const shape = [ids.length / slots, slots];
  await writeNpy(`${path}_fields.npy`, ids, shape);
  await writeNpy(`${path}_field_weights.npy`, weights, shape);
}

/** Interactions of the user's before a row, at most H. */
const lengthOf = (
  dataset: Pick<SampleRows, "offsets" | "interactionUser" | "anchor">,
  row: number,
  history: number,
): number =>
  Math.min(history, anchorOf(dataset, row) - dataset.offsets[dataset.interactionUser[row]!]!);

/** A column's values in the histories of some rows, [rows, H]: oldest first, zeros behind the newest. */
function* historiesOf(
  dataset: Pick<SampleRows, "offsets" | "interactionUser" | "anchor">,
  rows: Int32Array,
  values: Int32Array,
  history: number,
): Generator<Int32Array> {
  for (let from = 0; from < rows.length; from += PIECE) {
    const here = rows.subarray(from, from + PIECE);
    const piece = new Int32Array(here.length * history);
    here.forEach((row, at) => {
      const length = lengthOf(dataset, row, history);
      const behind = anchorOf(dataset, row);
      piece.set(values.subarray(behind - length, behind), at * history);
    });
    yield piece;
  }
}
