import { join, resolve } from "node:path";
import { checkMovielens, dayOrder } from "./movielens.js";
import { movielens, readMovies, readMovieRatings, wrongLine } from "./movielens.js";
import { isMisreadMovies, isMisreadRatings } from "./misread.js";
import type { ItemText, ReadTask, Source } from "./source.js";
import { absentData } from "../../base/stage/mistake.js";

const layout = { separator: "::", example: "1::1193::5::978300760", header: false };
const movieExample = "1::Toy Story (1995)::Animation|Children's|Comedy";

/** MovieLens-1M in GroupLens' own layout: ratings.dat and movies.dat, `::` between fields, latin-1. */
export const ml1m: Source = {
  id: "ml-1m",
  description: "MovieLens-1M; give `path`, the folder of GroupLens' archive",
  ...movielens,
  sizes: { users: 6040, items: 3706, "train.samples": 737_358, "test.samples": 196_411 },
  files: (settings, place) => {
    const folder = resolve(place.folder, String(settings["path"]));
    return {
      ratings: { path: join(folder, "ratings.dat") },
      movies: { path: join(folder, "movies.dat") },
    };
  },
  params: (settings) => ({ day_zone: settings["day_zone"] ?? "UTC" }),
  check: (settings, place) =>
    typeof settings["path"] === "string"
      ? checkMovielens(settings, place, ["ratings.dat", "movies.dat"])
      : [
          absentData(
            "dataset.path",
            "ml-1m needs `path`: the folder with ratings.dat and movies.dat of https://grouplens.org/datasets/movielens/1m/",
          ),
          ...checkMovielens(settings, place, []),
        ],
  misread: ({ ratings, movies }) =>
    isMisreadRatings(ratings!.path) || isMisreadMovies(movies!.path),
  readRatings: (task) => readMovieRatings(task, task.files["ratings"]!, layout),
  readItems,
  orderKey: dayOrder,
};

function readItems(task: ReadTask, wanted: ReadonlySet<string>): Promise<Map<string, ItemText>> {
  return readMovies(task, task.files["movies"]!, wanted, (text, path, line) => {
    const [id, title, genres, ...more] = text.split("::");
    if (!id || title === undefined || genres === undefined || more.length > 0) {
      throw wrongLine(path, line, text, { example: movieExample });
    }
    return { id, title, genres: genres.split("|") };
  });
}
