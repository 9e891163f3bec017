import { join } from "node:path";
import type { Dataset } from "../../base/artifacts/dataset.js";
import { writeDataset } from "../../base/artifacts/dataset.js";
import { withNegatives } from "../../base/artifacts/negatives.js";
import { writeJsonl } from "../../base/files/write-jsonl.js";
import type { BuiltDataset } from "./build.js";

/** Writes a data set with its users and items as docs/artifacts.md has it. */
export async function writeBuilt(folder: string, built: BuiltDataset): Promise<void> {
  await writeDataset(folder, built.dataset);
  await writeJsonl(join(folder, "users.jsonl"), built.users);
  await writeJsonl(join(folder, "items.jsonl"), built.items);
}

/** The stage's metrics: counts, with samples and positives of each split. */
export function metricsOf(prepared: Dataset): { readonly [name: string]: number } {
  const dataset = withNegatives(prepared);
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
    ...(prepared.negatives === undefined ? {} : { negatives: prepared.negatives.of.length }),
  };
}
