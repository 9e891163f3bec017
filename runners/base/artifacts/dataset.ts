import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readJsonl } from "../files/jsonl.js";
import { readNpy } from "../files/npy.js";

/** `dataset.json` of the artifact (docs/artifacts.md). */
export interface DatasetInfo {
  readonly id: string;
  /** U, I and A: numbered from 1. */
  readonly users: number;
  readonly items: number;
  readonly attributes: number;
  /** F names. */
  readonly attributeFields: readonly string[];
  /** The largest rating; ratings are whole numbers from 1. */
  readonly ratings: number;
  /** Ratings above it are positive. */
  readonly likeAbove: number;
  readonly domain: string;
  /** N. */
  readonly interactions: number;
}

/** A prepared data set: the columns of docs/artifacts.md. */
export interface Dataset extends DatasetInfo {
  /** [U + 2]: user u's interactions are rows offsets[u] to offsets[u + 1]. */
  readonly offsets: Int32Array;
  /** [N] */
  readonly interactionUser: Int32Array;
  /** [N] */
  readonly interactionItem: Int32Array;
  /** [N] */
  readonly interactionRating: Int32Array;
  /** [N], seconds since 1970 */
  readonly interactionTime: Float64Array;
  /** [U + 1] */
  readonly split: Int32Array;
  /** [I + 1, F], row-major; row 0 is zeros */
  readonly itemAttributes: Int32Array;
  /** Rows of the training samples, the validation samples among them. */
  readonly train: Int32Array;
  readonly valid: Int32Array;
  readonly test: Int32Array;
}

/** A line of `items.jsonl`. */
export interface DatasetItem {
  readonly index: number;
  readonly id: string;
  readonly title: string | null;
  readonly attributes: readonly (string | null)[];
  readonly genres?: readonly string[];
}

/** A line of `users.jsonl`. */
export interface DatasetUser {
  readonly index: number;
  readonly id: string;
}

/**
 * Reads the columns of a data set's artifact.
 *
 * @param split folder of an artifact that splits it otherwise (a split by users); without one, by time
 */
export async function readDataset(folder: string, split?: string): Promise<Dataset> {
  const info = await readDatasetInfo(folder);
  const int32 = async (name: string, of: string = folder): Promise<Int32Array> => {
    const { data, dtype } = await readNpy(join(of, `${name}.npy`));
    if (data instanceof Int32Array) return data;
    throw new TypeError(`${of}/${name}.npy holds ${dtype}, not <i4`);
  };
  const time = await readNpy(join(folder, "interaction_time.npy"));
  return {
    ...info,
    offsets: await int32("offsets"),
    interactionUser: await int32("interaction_user"),
    interactionItem: await int32("interaction_item"),
    interactionRating: await int32("interaction_rating"),
    interactionTime: Float64Array.from(time.data),
    split: await int32("split", split),
    itemAttributes: await int32("item_attributes"),
    train: await int32("train", split),
    valid: await int32("valid", split),
    test: await int32("test", split),
  };
}

/** Reads `dataset.json` alone. */
export async function readDatasetInfo(folder: string): Promise<DatasetInfo> {
  const file = JSON.parse(await readFile(join(folder, "dataset.json"), "utf8")) as DatasetFile;
  return {
    id: file.id,
    users: file.users,
    items: file.items,
    attributes: file.attributes,
    attributeFields: file.attribute_fields,
    ratings: file.ratings,
    likeAbove: file.like_above,
    domain: file.domain,
    interactions: file.interactions,
  };
}

/** Items in ascending index: item i is element i - 1. */
export const readItems = (folder: string): Promise<DatasetItem[]> =>
  readAll<DatasetItem>(join(folder, "items.jsonl"));

/** Users in ascending index: user u is element u - 1. */
export const readUsers = (folder: string): Promise<DatasetUser[]> =>
  readAll<DatasetUser>(join(folder, "users.jsonl"));

/** `dataset.json` as it stands in the file. */
export interface DatasetFile {
  readonly id: string;
  readonly users: number;
  readonly items: number;
  readonly attributes: number;
  readonly attribute_fields: readonly string[];
  readonly ratings: number;
  readonly like_above: number;
  readonly domain: string;
  readonly interactions: number;
}

async function readAll<T>(path: string): Promise<T[]> {
  const all: T[] = [];
  for await (const { value } of readJsonl(path)) all.push(value as unknown as T);
  return all;
}
