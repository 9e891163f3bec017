import { join, resolve } from "node:path";
import type { Finding } from "../../../src/base/diagnostic.js";
import { UserError } from "../../../src/base/exit.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { JsonSchema } from "../../../src/contract/science.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { isFile, isFolder } from "../../base/files/spec-path.js";
import { isTimeZone, dayIn } from "./day.js";
import { eachLine } from "./lines.js";
import { eachMovieLine } from "./movie-lines.js";
import { type Ratings, RatingColumns } from "./ratings.js";
import type { DatasetSettings, ItemText, ReadTask } from "./source.js";
import { absentData } from "../../base/stage/mistake.js";

const dayZoneSchema: JsonSchema = {
  description:
    "MovieLens: the time zone of days. A user's interactions are ordered by day; those of one day keep the order of the file. " +
    "The default is UTC; Asia/Shanghai gives other counts, which are published too.",
  type: "string",
  minLength: 1,
};

/** What both MovieLens data sets have in common. */
export const movielens = {
  domain: "movie",
  attributeFields: ["genre"],
  ratings: 5,
  defaults: { like_above: 3, user_core: 1, item_core: 1, day_zone: "UTC" },
  properties: {
    path: {
      description:
        "MovieLens: the folder that GroupLens' archive unpacks to. Without a path, ml-100k is fetched from PyPI.",
      type: "string",
      minLength: 1,
    },
    day_zone: dayZoneSchema,
  },
} as const;

/** Days since 1970 in the zone of the settings. */
export const dayOrder = (params: JsonObject): ((seconds: number) => number) =>
  dayIn(String(params["day_zone"] ?? "UTC"));

/** Checks the time zone, and the folder of a raw copy where one is named. */
export function checkMovielens(
  settings: DatasetSettings,
  place: SpecPlace,
  files: readonly string[],
): Finding[] {
  const findings: Finding[] = [];
  const zone = settings["day_zone"];
  if (typeof zone === "string" && !isTimeZone(zone)) {
    const message = `${zone} is not a time zone; names look like UTC or Asia/Shanghai`;
    findings.push({ severity: "error", message, path: "dataset.day_zone" });
  }
  const path = settings["path"];
  if (typeof path === "string") {
    const folder = resolve(place.folder, path);
    const missing = files.filter((file) => !isFile(join(folder, file)));
    if (missing.length > 0) {
      const found = isFolder(folder)
        ? `${path} lacks`
        : `there is no folder ${path}; it should hold`;
      const message = `${found} ${missing.join(" and ")} (the layout of GroupLens' ${settings.id} archive)`;
      findings.push(absentData("dataset.path", message));
    }
  }
  return findings;
}

/** How lines of ratings look. */
export interface RatingLayout {
  /** What stands between user, item, rating and time, in ASCII. */
  readonly separator: string;
  /** A line as it should be, for messages. */
  readonly example: string;
  /** Whether the first line names the columns. */
  readonly header: boolean;
}

/** Reads ratings of four whole numbers a line, as columns. Throws a UserError with file and line. */
export async function readMovieRatings(
  task: ReadTask,
  path: string,
  layout: RatingLayout,
): Promise<Ratings> {
  const columns = new RatingColumns();
  const gap = Buffer.from(layout.separator, "latin1");
  const starts = new Int32Array(4);
  const ends = new Int32Array(4);
  await eachLine(
    path,
    (bytes, start, end, line) => {
      if (start === end || (layout.header && line === 1)) return;
      if (!cut(bytes, start, end, gap, starts, ends)) {
        throw wrongLine(path, line, bytes.toString("latin1", start, end), layout);
      }
      for (const field of [0, 1]) {
        if (wholeNumber(bytes, starts[field]!, ends[field]!) >= 0) continue;
        const id = bytes.toString("utf8", starts[field]!, ends[field]!);
        throw wrongId(path, line, field === 0 ? "user" : "item", id);
      }
      const rating = wholeNumber(bytes, starts[2]!, ends[2]!);
      const time = wholeNumber(bytes, starts[3]!, ends[3]!);
      if (time < 0 || rating < 0) {
        throw wrongLine(path, line, bytes.toString("latin1", start, end), layout);
      }
      if (rating < 1 || rating > movielens.ratings) {
        throw new UserError(
          `${path}:${line}: a rating of ${rating}; ratings are whole numbers from 1 to ${movielens.ratings}`,
        );
      }
      columns.user.push(columns.users.intern(bytes, starts[0]!, ends[0]!));
      columns.item.push(columns.items.intern(bytes, starts[1]!, ends[1]!));
      columns.rating.push(rating);
      columns.time.push(time);
    },
    ({ done, total }) => task.progress(done, total, "bytes of ratings"),
  );
  return columns.take();
}

/** An id that GroupLens would not write: -1 for nobody, quotes around a number. */
export const wrongId = (path: string, line: number, of: "user" | "item", id: string): UserError =>
  new UserError(
    `${path}:${line}: ${of} ${JSON.stringify(id)}: ids are whole numbers from 0, without signs and quotes`,
  );

/** Cuts a line into four fields that aren't empty; false where it has more or fewer. */
function cut(
  bytes: Buffer,
  start: number,
  end: number,
  gap: Uint8Array,
  starts: Int32Array,
  ends: Int32Array,
): boolean {
  let field = 0;
  starts[0] = start;
  for (let at = start; at < end; at++) {
    if (bytes[at] !== gap[0] || (gap.length === 2 && bytes[at + 1] !== gap[1])) continue;
    if (field === 3 || at === starts[field]) return false;
    ends[field++] = at;
    at += gap.length - 1;
    starts[field] = at + 1;
  }
  ends[field] = end;
  return field === 3 && starts[3]! < end;
}

/** -1 where the bytes are not a whole number of up to 15 digits. */
function wholeNumber(bytes: Buffer, start: number, end: number): number {
  if (end - start > 15) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const c = bytes[at]!;
    if (c < 0x30 || c > 0x39) return -1;
    value = value * 10 + c - 0x30;
  }
  return value;
}

/** A line that isn't in the layout, with what was expected. */
export const wrongLine = (
  path: string,
  line: number,
  text: string,
  layout: { readonly example: string },
): UserError => {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new UserError(
    `${path}:${line}: expected a line such as ${JSON.stringify(layout.example)}, found ${JSON.stringify(shown)}`,
  );
};

/** A line of a file of movies. */
export interface MovieLine {
  readonly id: string;
  readonly title: string;
  readonly genres: readonly string[];
}

/**
 * Reads the texts of wanted movies out of a file in GroupLens' layout. Throws a UserError with file
 * and line for a line that `cutLine` refuses, an id that is no whole number, and one that stands twice.
 */
export async function readMovies(
  task: ReadTask,
  path: string,
  wanted: ReadonlySet<string>,
  cutLine: (text: string, path: string, line: number) => MovieLine,
): Promise<Map<string, ItemText>> {
  const items = new Map<string, ItemText>();
  const lines = new Map<string, number>();
  await eachMovieLine(task, path, (text, line) => {
    const { id, title, genres } = cutLine(text, path, line);
    if (!/^\d{1,15}$/.test(id)) throw wrongId(path, line, "item", id);
    const before = lines.get(id);
    if (before !== undefined) {
      throw new UserError(`${path}:${line}: item ${id} stands in line ${before} already`);
    }
    lines.set(id, line);
    if (wanted.has(id)) items.set(id, movieText(title, genres));
  });
  return items;
}

/**
 * A movie's text: its article back in front (`Godfather, The (1972)`), its attribute the last word
 * of its first genre.
 */
export function movieText(title: string, genres: readonly string[]): ItemText {
  const natural = title.trim().replace(/^([^(]*?), (The|A|An)(?= \(|$)/, "$2 $1");
  const first = genres[0]?.trim().split(/\s+/).at(-1) ?? "";
  return {
    title: natural === "" ? null : natural,
    attributes: [first === "" ? null : first],
    genres,
  };
}
