import { writeBuilt } from "../../../runners/stages/dataset/write.js";
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
  await writeBuilt(folder, {
    dataset: {
      id: "small",
      users: lengths.length,
      items: dataset.items.length,
      attributes: 1,
      attributeFields: ["genre"],
      ratings: 5,
      likeAbove: 3,
      domain: dataset.domain ?? "movie",
      interactions: rows.length,
      offsets: Int32Array.from(offsets),
      interactionUser: Int32Array.from(
        lengths.flatMap((length, user) => Array<number>(length).fill(user + 1)),
      ),
      interactionItem: Int32Array.from(rows, ([item]) => item),
      interactionRating: Int32Array.from(rows, ([, rating]) => rating),
      interactionTime: Float64Array.from(rows, (_, row) => row),
      split: Int32Array.from([0, ...lengths.map((length) => Math.floor(0.8 * length))]),
      itemAttributes: new Int32Array(dataset.items.length + 1),
      train: new Int32Array(),
      valid: new Int32Array(),
      test: new Int32Array(),
    },
    users: lengths.map((_, user) => ({ index: user + 1, id: `u${user + 1}` })),
    items: dataset.items.map(({ title, genres }, item) => ({
      index: item + 1,
      id: `i${item + 1}`,
      title,
      attributes: [genres?.[0] ?? null],
      ...(genres === undefined ? {} : { genres }),
    })),
  });
  return folder;
}
