import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readOwnJsonl } from "../files/jsonl.js";
import { readNpy } from "../files/npy.js";
import { writeNpy } from "../files/write-npy.js";
import type { Domain } from "./domain.js";
import { readRawFields, writeRawFields, type FieldInfo, type RawField } from "./raw-fields.js";
import type { ShownRatings } from "./shown-ratings.js";

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
  /** Left out where ratings are what the data has. */
  readonly shown?: ShownRatings;
  readonly domain: Domain;
  /**
   * Left out for splits that leave every user's first interactions to training. With the others prompts
   * about items show training positions alone.
   */
  readonly splitBy?: "date" | "column";
  /** N. */
  readonly interactions: number;
  /** Fields of users, items and contexts; left out where there are none. */
  readonly fieldInfos?: readonly FieldInfo[];
  /** How negatives were drawn; left out where labels are those of the data. */
  readonly implicit?: Implicit;
}

/** `dataset.label.implicit`: every interaction is positive, and items that a user does not have are negative. */
export type Implicit = {
  /** Drawn for each sample. */
  readonly negatives: number;
  /** uniform: each item equally likely; popularity: by its number of interactions. */
  readonly by: "uniform" | "popularity";
  readonly seed: number;
};

/** Drawn negatives, ascending by the interaction that each was drawn for. */
export interface Negatives {
  /** [M]: rows of interactions. */
  readonly of: Int32Array;
  /** [M] */
  readonly item: Int32Array;
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
  /** Rows of the training samples, including the validation samples. */
  readonly train: Int32Array;
  readonly valid: Int32Array;
  readonly test: Int32Array;
  /** Where there is {@link DatasetInfo.implicit}. */
  readonly negatives?: Negatives;
  /** Where there are {@link DatasetInfo.fieldInfos}, in their order. */
  readonly fields?: readonly RawField[];
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

/** The arrays of a data set. */
type Column = {
  [key in keyof Dataset]-?: Dataset[key] extends Int32Array | Float64Array ? key : never;
}[keyof Dataset];

/** File and numbers of each array, for reading and writing. Tables have a row for each item. */
const COLUMNS: {
  readonly [key in Column]: {
    readonly file: string;
    readonly numbers: Dataset[key] extends Int32Array ? typeof Int32Array : typeof Float64Array;
    readonly table?: true;
  };
} = {
  offsets: { file: "offsets", numbers: Int32Array },
  interactionUser: { file: "interaction_user", numbers: Int32Array },
  interactionItem: { file: "interaction_item", numbers: Int32Array },
  interactionRating: { file: "interaction_rating", numbers: Int32Array },
  interactionTime: { file: "interaction_time", numbers: Float64Array },
  split: { file: "split", numbers: Int32Array },
  itemAttributes: { file: "item_attributes", numbers: Int32Array, table: true },
  train: { file: "train", numbers: Int32Array },
  valid: { file: "valid", numbers: Int32Array },
  test: { file: "test", numbers: Int32Array },
};

/** `dataset.json` as the file spells it. */
type InfoFile = Omit<
  DatasetInfo,
  "attributeFields" | "likeAbove" | "shown" | "splitBy" | "fieldInfos"
> & {
  readonly fields?: DatasetInfo["fieldInfos"];
  readonly split_by?: DatasetInfo["splitBy"];
  readonly attribute_fields: DatasetInfo["attributeFields"];
  readonly like_above: DatasetInfo["likeAbove"];
  readonly shown?: { readonly values: readonly number[]; readonly like_above: number };
};

/** Files of {@link Negatives}. */
const NEGATIVE_FILES = ["negative_of.npy", "negative_item.npy"] as const;

/** Columns that a split by users replaces, which is an artifact of its own. */
const OF_SPLIT: ReadonlySet<string> = new Set(["split", "train", "valid", "test"]);

/**
 * Reads the columns of a data set's artifact.
 *
 * @param split folder of the artifact that splits it by users; without one it is split by time
 */
export async function readDataset(folder: string, split: string = folder): Promise<Dataset> {
  const info = await readDatasetInfo(folder);
  const columns = await Promise.all(
    Object.entries(COLUMNS).map(async ([key, { file, numbers }]) => {
      const from = OF_SPLIT.has(key) ? split : folder;
      const { data, dtype } = await readNpy(join(from, `${file}.npy`));
      if (data instanceof numbers) return [key, data] as const;
      throw new TypeError(`${from}/${file}.npy holds ${dtype}, not ${numbers.name}`);
    }),
  );
  return {
    ...info,
    ...(Object.fromEntries(columns) as Pick<Dataset, Column>),
    ...(info.implicit === undefined ? {} : { negatives: await readNegatives(folder) }),
    ...(info.fieldInfos === undefined
      ? {}
      : { fields: await readRawFields(folder, info.fieldInfos) }),
  };
}

async function readNegatives(folder: string): Promise<Negatives> {
  const [of, item] = await Promise.all(
    NEGATIVE_FILES.map(async (name) => (await readNpy(join(folder, name))).data as Int32Array),
  );
  return { of: of!, item: item! };
}

/** Reads `dataset.json` alone. The artifact's checksum says that it is still as it was written. */
export async function readDatasetInfo(folder: string): Promise<DatasetInfo> {
  const text = await readFile(join(folder, "dataset.json"), "utf8");
  const { attribute_fields, like_above, shown, split_by, fields, ...same } = JSON.parse(
    text,
  ) as InfoFile;
  return {
    ...same,
    attributeFields: attribute_fields,
    likeAbove: like_above,
    ...(split_by === undefined ? {} : { splitBy: split_by }),
    ...(fields === undefined ? {} : { fieldInfos: fields }),
    ...(shown === undefined
      ? {}
      : { shown: { values: shown.values, likeAbove: shown.like_above } }),
  };
}

/** Writes `dataset.json` and the columns of a data set into a folder that is there. */
export async function writeDataset(folder: string, dataset: Dataset): Promise<void> {
  const info: InfoFile = {
    id: dataset.id,
    users: dataset.users,
    items: dataset.items,
    attributes: dataset.attributes,
    attribute_fields: dataset.attributeFields,
    ratings: dataset.ratings,
    like_above: dataset.likeAbove,
    ...(dataset.shown === undefined
      ? {}
      : { shown: { values: dataset.shown.values, like_above: dataset.shown.likeAbove } }),
    domain: dataset.domain,
    ...(dataset.splitBy === undefined ? {} : { split_by: dataset.splitBy }),
    interactions: dataset.interactions,
    ...(dataset.fieldInfos === undefined ? {} : { fields: dataset.fieldInfos }),
    ...(dataset.implicit === undefined ? {} : { implicit: dataset.implicit }),
  };
  await writeFile(join(folder, "dataset.json"), `${JSON.stringify(info, null, 2)}\n`);
  for (const [key, { file, table }] of Object.entries(COLUMNS)) {
    const data = dataset[key as Column];
    const rows = dataset.items + 1;
    const shape = table === true ? [rows, data.length / rows] : [data.length];
    await writeNpy(join(folder, `${file}.npy`), data, shape);
  }
  if (dataset.fields !== undefined) await writeRawFields(folder, dataset.fields);
  if (dataset.negatives === undefined) return;
  const { of, item } = dataset.negatives;
  await writeNpy(join(folder, NEGATIVE_FILES[0]), of, [of.length]);
  await writeNpy(join(folder, NEGATIVE_FILES[1]), item, [item.length]);
}

/** Items in ascending index: item i is element i - 1. */
export const readItems = (folder: string): Promise<DatasetItem[]> =>
  readOwnJsonl<DatasetItem>(join(folder, "items.jsonl"));

/** Users in ascending index: user u is element u - 1. */
export const readUsers = (folder: string): Promise<DatasetUser[]> =>
  readOwnJsonl<DatasetUser>(join(folder, "users.jsonl"));
