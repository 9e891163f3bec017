import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Json } from "../../../src/base/json.js";
import { writeJsonl } from "../../base/files/jsonl.js";
import { writeNpy } from "../../base/files/npy.js";
import type { BuiltDataset } from "./build.js";
import type { Dataset, DatasetFile } from "../../base/artifacts/dataset.js";

/** Writes a data set as docs/artifacts.md has it. */
export async function writeDataset(folder: string, built: BuiltDataset): Promise<void> {
  const { dataset } = built;
  const info: DatasetFile = {
    id: dataset.id,
    users: dataset.users,
    items: dataset.items,
    attributes: dataset.attributes,
    attribute_fields: dataset.attributeFields,
    ratings: dataset.ratings,
    like_above: dataset.likeAbove,
    domain: dataset.domain,
    interactions: dataset.interactions,
  };
  await writeFile(join(folder, "dataset.json"), JSON.stringify(info, null, 2) + "\n");
  const columns = {
    offsets: dataset.offsets,
    interaction_user: dataset.interactionUser,
    interaction_item: dataset.interactionItem,
    interaction_rating: dataset.interactionRating,
    interaction_time: dataset.interactionTime,
    split: dataset.split,
    train: dataset.train,
    valid: dataset.valid,
    test: dataset.test,
  };
  for (const [name, column] of Object.entries(columns)) {
    await writeNpy(join(folder, `${name}.npy`), column, [column.length]);
  }
  const fields = dataset.attributeFields.length;
  const table = join(folder, "item_attributes.npy");
  await writeNpy(table, dataset.itemAttributes, [dataset.items + 1, fields]);
  await writeJsonl(join(folder, "users.jsonl"), built.users as unknown as Iterable<Json>);
  await writeJsonl(join(folder, "items.jsonl"), built.items as unknown as Iterable<Json>);
}

/** The stage's metrics: counts, with samples and positives of each split. */
export function metricsOf(dataset: Dataset): { readonly [name: string]: number } {
  const positives = (rows: Int32Array): number => {
    let count = 0;
    for (const row of rows) if (dataset.interactionRating[row]! > dataset.likeAbove) count += 1;
    return count;
  };
  return {
    users: dataset.users,
    items: dataset.items,
    attributes: dataset.attributes,
    "train.samples": dataset.train.length,
    "train.positives": positives(dataset.train),
    "valid.samples": dataset.valid.length,
    "valid.positives": positives(dataset.valid),
    "test.samples": dataset.test.length,
    "test.positives": positives(dataset.test),
  };
}
