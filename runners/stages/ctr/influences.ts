import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type {
  CellInfluences,
  Influence,
  InfluenceReader,
  TestedCell,
} from "../../../src/contract/statistics.js";
import { readDatasetInfo } from "../../base/artifacts/dataset.js";
import { readSampleRows } from "../../base/artifacts/negatives.js";
import { readNpy } from "../../base/files/npy.js";
import { influences, testSplit, type TestSplit } from "../../base/influence/influence.js";

/** A test split with what tells it from any other. */
interface Tested {
  readonly split: TestSplit;
  readonly samples: string;
}

/** Influences per user of trained cells, from the predictions that their artifacts keep. */
export function ctrInfluences(): InfluenceReader {
  // Cells of a sweep share a few test splits: the last ones stay.
  const splits = new Map<string, Promise<Tested>>();
  const splitOf = (inputs: TestedCell["inputs"]): Promise<Tested> => {
    const key = `${inputs["dataset"]} ${inputs["split"] ?? ""}`;
    let known = splits.get(key);
    if (known === undefined) {
      if (splits.size >= 2) splits.delete(splits.keys().next().value!);
      splits.set(key, (known = readTestSplit(inputs)));
    }
    return known;
  };
  return { read: async (cell) => readCell(cell, splitOf) };
}

async function readCell(
  { record, folder, inputs }: TestedCell,
  splitOf: (inputs: TestedCell["inputs"]) => Promise<Tested>,
): Promise<CellInfluences | { readonly reason: string }> {
  for (const name of ["dataset", "split"]) {
    const gone = record.inputs[name] !== undefined && inputs[name] === undefined;
    if (gone) return { reason: `its ${name} is gone from the store` };
  }
  const file = join(folder, "predictions.npy");
  if (!existsSync(file)) return { reason: "its predictions were not kept" };
  const { data } = await readNpy(file);
  if (!(data instanceof Float32Array)) return { reason: "its predictions are not float32" };
  const { split, samples } = await splitOf(inputs);
  if (data.length !== split.labels.length) {
    return {
      reason: `it has ${data.length} predictions where the test split has ${split.labels.length} samples`,
    };
  }
  const metrics = Object.entries(influences(data, split)).map(
    ([name, influence]: [string, Influence]) => [`test.${name}`, influence] as const,
  );
  return { samples, metrics: Object.fromEntries(metrics) };
}

/** The test samples' users and labels, in the order of predictions.npy. */
async function readTestSplit(inputs: TestedCell["inputs"]): Promise<Tested> {
  const dataset = inputs["dataset"]!;
  const { likeAbove, implicit } = await readDatasetInfo(dataset);
  if (implicit !== undefined) {
    const samples = await readSampleRows(dataset, inputs["split"]);
    const of = (whole: Int32Array): Int32Array => samples.test.map((row) => whole[row]!);
    const ratings = of(samples.interactionRating);
    return testedOf(of(samples.interactionUser), ratings, of(samples.interactionItem), likeAbove);
  }
  const rows = await column(inputs["split"] ?? dataset, "test");
  const take = async (name: string): Promise<Int32Array> => {
    const whole = await column(dataset, name);
    return rows.map((row) => whole[row]!);
  };
  const [users, ratings] = [await take("interaction_user"), await take("interaction_rating")];
  return testedOf(users, ratings, await take("interaction_item"), likeAbove);
}

function testedOf(
  users: Int32Array,
  ratings: Int32Array,
  items: Int32Array,
  likeAbove: number,
): Tested {
  const labels = Uint8Array.from(ratings, (rating) => (rating > likeAbove ? 1 : 0));
  const hash = createHash("sha256").update(users).update(labels);
  const samples = hash.update(items).digest("hex");
  return { split: testSplit(users, labels), samples };
}

async function column(folder: string, name: string): Promise<Int32Array> {
  const { data, dtype } = await readNpy(join(folder, `${name}.npy`));
  if (data instanceof Int32Array) return data;
  throw new TypeError(`${folder}/${name}.npy holds ${dtype}, not <i4`);
}
