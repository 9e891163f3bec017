import { writeFile } from "node:fs/promises";
import path from "node:path";
import { writeJsonl } from "../../../runners/base/files/jsonl.js";
import { writeNpy } from "../../../runners/base/files/npy.js";
import { newFolder } from "../stage.js";

/** An interaction of a data set made for a test: item number and rating. */
export type Rated = readonly [item: number, rating: number];

export interface SmallDataset {
  /** Interactions by user, in order of time. */
  readonly users: readonly (readonly Rated[])[];
  /** Title and genres by item; item n is items[n - 1]. */
  readonly items: readonly { readonly title: string | null; readonly genres?: readonly string[] }[];
  readonly domain?: string;
}

/** Twelve films. */
const films = Array.from({ length: 12 }, (_, item) => ({ title: `Film ${item + 1} (1990)` }));

/** All films rated by one user, from the film after `first` on. */
const ratedFilms = (first: number): readonly Rated[] =>
  films.map((_, item) => [((item + first) % 12) + 1, (item % 5) + 1] as const);

/** Three users who rated all films, and one who rated none. */
export const writeFilms = (): Promise<string> =>
  writeDataset({ users: [ratedFilms(0), ratedFilms(1), ratedFilms(2), []], items: films });

/** Writes an artifact of a data set (docs/artifacts.md), as far as knowledge reads it. */
export async function writeDataset(dataset: SmallDataset): Promise<string> {
  const folder = await newFolder();
  const rows = dataset.users.flat();
  const lengths = dataset.users.map((user) => user.length);
  const offsets = [0, 0];
  for (const length of lengths) offsets.push(offsets.at(-1)! + length);
  const integers = (name: string, values: readonly number[]) =>
    writeNpy(path.join(folder, `${name}.npy`), Int32Array.from(values), [values.length]);
  await integers("offsets", offsets);
  await integers(
    "interaction_item",
    rows.map(([item]) => item),
  );
  await integers(
    "interaction_rating",
    rows.map(([, rating]) => rating),
  );
  await integers("split", [0, ...lengths.map((length) => Math.floor(0.8 * length))]);
  await integers(
    "interaction_user",
    lengths.flatMap((length, user) => Array<number>(length).fill(user + 1)),
  );
  const times = Float64Array.from(rows, (_, row) => row);
  await writeNpy(path.join(folder, "interaction_time.npy"), times, [rows.length]);
  await writeNpy(
    path.join(folder, "item_attributes.npy"),
    new Int32Array(dataset.items.length + 1),
    [dataset.items.length + 1, 1],
  );
  for (const split of ["train", "valid", "test"]) await integers(split, []);
  await writeJsonl(
    path.join(folder, "users.jsonl"),
    lengths.map((_, user) => ({ index: user + 1, id: `u${user + 1}` })),
  );
  await writeJsonl(
    path.join(folder, "items.jsonl"),
    dataset.items.map(({ title, genres }, item) => ({
      index: item + 1,
      id: `i${item + 1}`,
      title,
      attributes: [genres?.[0] ?? null],
      ...(genres === undefined ? {} : { genres }),
    })),
  );
  await writeFile(
    path.join(folder, "dataset.json"),
    JSON.stringify({
      id: "small",
      users: dataset.users.length,
      items: dataset.items.length,
      attributes: 1,
      attribute_fields: ["genre"],
      ratings: 5,
      like_above: 3,
      domain: dataset.domain ?? "movie",
      interactions: rows.length,
    }),
  );
  return folder;
}
