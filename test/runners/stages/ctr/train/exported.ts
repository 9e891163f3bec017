import type { Dataset } from "../../../../../runners/base/artifacts/dataset.js";
import type { exportModel } from "../../../../../runners/stages/ctr/serve/export.js";
import { tf } from "../../../../../runners/stages/ctr/tensorflow.js";

/**
 * The inputs of an exported model that every model has, for samples of a data set.
 *
 * @param rows of the interactions that are scored
 * @param past rows of each sample's history
 */
export function samplesOf(
  data: Dataset,
  rows: readonly number[],
  past: readonly (readonly number[])[],
): { [name: string]: unknown } {
  const item = (row: number): number => data.interactionItem[row]!;
  const attributes = (row: number): number[] => [data.itemAttributes[item(row)]!];
  return {
    item: rows.map(item),
    item_attributes: rows.map(attributes),
    history_items: past.map((own) => own.map(item)),
    history_attributes: past.map((own) => own.map(attributes)),
    history_ratings: past.map((own) => own.map((row) => data.interactionRating[row]!)),
    history_length: past.map((own) => own.length),
  };
}

/** The scores of an exported model. */
export async function scoresOf(
  folder: string,
  inputs: Awaited<ReturnType<typeof exportModel>>,
  values: { readonly [name: string]: unknown },
): Promise<Float32Array> {
  const loaded = await tf.node.loadSavedModel(folder);
  const feeds = Object.fromEntries(
    inputs.map(({ name, dtype }) => [name, tf.tensor(values[name] as never, undefined, dtype)]),
  );
  const { score } = loaded.predict(feeds) as unknown as { score: { dataSync(): Float32Array } };
  const scores = score.dataSync();
  loaded.dispose();
  return scores;
}
