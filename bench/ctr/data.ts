import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { random } from "../../runners/stages/ctr/toolkit/random.js";
import { datasetRunner } from "../../runners/stages/dataset/runner.js";
import { datasetStage } from "../../runners/stages/dataset/stage.js";
import { readDataset, writeDataset } from "../../runners/base/artifacts/dataset.js";
import type { SideVectors } from "../../runners/base/artifacts/vectors.js";
import { writeVectors } from "../../runners/base/artifacts/write-vectors.js";
import type { Json } from "../../src/base/json.js";
import { taskOf } from "../task.js";

/** A data set, and vectors of its users and items: two artifacts. */
export interface BenchData {
  readonly dataset: string;
  readonly embed: string;
}

/**
 * ML-100K, prepared in a folder as a sweep does it, unless it is there already, with vectors drawn at
 * random: which users and items meet in a batch shows in the speed, what the vectors hold does not.
 */
export async function ml100kData(folder: string, prepared?: string): Promise<BenchData> {
  const dataset = prepared ?? (await prepareDataset("ml-100k", join(folder, "ml-100k")));
  const { users, items } = await readDataset(dataset);
  return { dataset, embed: await drawVectors(join(folder, "embed"), { users, items }) };
}

/** Prepares a data set in a folder as a sweep does it, and gives the folder of the artifact. */
export async function prepareDataset(dataset: Json, folder: string): Promise<string> {
  const request = datasetStage({ dataset }, { folder: "/" });
  const task = taskOf({ ...request, inputs: {} }, folder);
  await (await datasetRunner.load()).run([task]);
  return task.out;
}

/** How large a data set is that is drawn at random. */
export interface Sizes {
  readonly users: number;
  readonly items: number;
  readonly attributes: number;
  /** Interactions of each user. */
  readonly length: number;
}

/** ML-1M's: 736,880 training samples and 193,280 of test. */
export const ml1m: Sizes = { users: 6040, items: 3706, attributes: 18, length: 165 };

/** Length of a knowledge vector. */
const dimension = 1024;

/** Writes a data set and an embed artifact of such sizes into a folder. */
export async function writeData(
  folder: string,
  { users, items, attributes, length }: Sizes,
): Promise<BenchData> {
  const dataset = join(folder, "dataset");
  await mkdir(dataset, { recursive: true });
  const { uniform } = random(1, "benchmark");
  const draw = (from: number, to: number): number => from + Math.floor(uniform() * (to - from + 1));
  const count = users * length;
  const rows = Array.from({ length: count }, (_, row) => row);
  const split = Math.floor(0.8 * length);
  const position = (row: number): number => row % length;
  await writeDataset(dataset, {
    id: "benchmark",
    users,
    items,
    attributes,
    attributeFields: ["genre"],
    ratings: 5,
    likeAbove: 3,
    domain: "movie",
    interactions: count,
    offsets: Int32Array.of(0, ...Array.from({ length: users + 1 }, (_, user) => user * length)),
    interactionUser: Int32Array.from(rows, (row) => 1 + Math.floor(row / length)),
    interactionItem: Int32Array.from(rows, () => draw(1, items)),
    interactionRating: Int32Array.from(rows, () => draw(1, 5)),
    interactionTime: Float64Array.from(rows),
    split: Int32Array.of(0, ...Array.from({ length: users }, () => split)),
    itemAttributes: Int32Array.of(0, ...Array.from({ length: items }, () => draw(1, attributes))),
    train: Int32Array.from(rows.filter((row) => position(row) >= 11 && position(row) <= split)),
    valid: new Int32Array(),
    test: Int32Array.from(rows.filter((row) => position(row) > split)),
  });
  return { dataset, embed: await drawVectors(join(folder, "embed"), { users, items }) };
}

/** Writes vectors of a data set's users and items, drawn at random, and gives their folder. */
export async function drawVectors(
  folder: string,
  sizes: { readonly users: number; readonly items: number },
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { uniform } = random(1, "vectors");
  const drawn = (count: number): SideVectors => ({
    width: dimension,
    numbers: Float32Array.from({ length: (count + 1) * dimension }, () => uniform() - 0.5),
    withoutText: 0,
  });
  const [users, items] = [drawn(sizes.users), drawn(sizes.items)];
  await writeVectors(folder, { model: "random", users, items });
  return folder;
}
