import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isJsonObject, type Json } from "../../../src/base/json.js";
import { readNpy } from "../files/npy.js";
import { writeNpy } from "../files/write-npy.js";

/** Whose field it is: the user's, the item's, or the interaction's (its context). */
export type FieldOf = "user" | "item" | "context";

/** A field of a data set: what a spec says of it. */
export interface FieldInfo {
  /** By which a backbone finds it; one data set has no two of one name. */
  readonly name: string;
  readonly of: FieldOf;
  /**
   * category: one value; categories: several, of which each has a vector, and the field their mean;
   * buckets: a number, by quantiles of the training rows; number: a number, standardised.
   */
  readonly kind: "category" | "categories" | "buckets" | "number";
  /** categories: the most values of one row; further ones are left out. buckets: how many at most. */
  readonly most?: number;
}

/** A field with its values as the data has them. */
export interface RawField extends FieldInfo {
  /** Different texts; the first is "", where a row has no value. Several values are joined by {@link VALUE_GAP}. */
  readonly texts: readonly string[];
  /** Number of each row's text: [U + 1], [I + 1] or [N]. */
  readonly value: Int32Array;
}

/** Stands between the values of one row (unit separator). */
export const VALUE_GAP = "\u001f";

/** The values of a text. */
export const valuesOfText = (text: string): string[] => (text === "" ? [] : text.split(VALUE_GAP));

const fileOf = (place: number, ending: string): string => `field_${place}.${ending}`;

/** Reads the fields of a data set's artifact, in the order of `dataset.json`. */
export const readRawFields = (
  folder: string,
  fields: readonly FieldInfo[],
): Promise<readonly RawField[]> =>
  Promise.all(
    fields.map(async (field, place) => {
      const { data } = await readNpy(join(folder, fileOf(place, "npy")));
      const texts = await readFile(join(folder, fileOf(place, "json")), "utf8");
      return { ...field, texts: JSON.parse(texts) as string[], value: data as Int32Array };
    }),
  );

/** Writes the fields of a data set's artifact: the texts and their numbers by row. */
export async function writeRawFields(folder: string, fields: readonly RawField[]): Promise<void> {
  for (const [place, { texts, value }] of fields.entries()) {
    await writeFile(join(folder, fileOf(place, "json")), `${JSON.stringify(texts)}\n`);
    await writeNpy(join(folder, fileOf(place, "npy")), value, [value.length]);
  }
}

/** What a field is, without its values. */
export const infoOfField = ({ name, of, kind, most }: FieldInfo): FieldInfo => ({
  name,
  of,
  kind,
  ...(most === undefined ? {} : { most }),
});

/** Fields that a block `dataset` of a spec names, by place. */
export function fieldsNamed(dataset: Json | undefined): readonly Pick<FieldInfo, "name" | "of">[] {
  if (!isJsonObject(dataset)) return [];
  const places = { users: "user", items: "item", interactions: "context" } as const;
  return Object.entries(places).flatMap(([block, of]) => {
    const settings = dataset[block];
    const fields = isJsonObject(settings) ? settings["fields"] : undefined;
    return (Array.isArray(fields) ? fields : []).map((field) => {
      const name = isJsonObject(field) ? (field["name"] ?? field["column"]) : field;
      return { name: String(name), of };
    });
  });
}

/** Their names. */
export const namesOfFields = (dataset: Json | undefined): readonly string[] =>
  fieldsNamed(dataset).map(({ name }) => name);
