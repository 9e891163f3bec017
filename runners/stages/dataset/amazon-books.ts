import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Finding } from "../../../src/base/diagnostic.js";
import { UserError } from "../../../src/base/exit.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { cleanText } from "./clean-text.js";
import { type Ratings, RatingColumns } from "./ratings.js";
import { type RecordCounts, readRecords } from "./records.js";
import { Found, type FieldScanner } from "./scanner.js";
import type { DatasetSettings, ItemText, ReadTask, Source } from "./source.js";

const largest = 5;

/** Amazon Review Data (2018), Books: `Books_5.json.gz` and `meta_Books.json.gz`, JSON Lines. */
export const amazonBooks: Source = {
  id: "amazon-books",
  description: "Amazon Review Data (2018), Books; give `reviews` and `metadata`",
  domain: "book",
  attributeFields: ["brand", "category"],
  ratings: largest,
  defaults: {
    like_above: 4,
    user_core: 60,
    item_core: 40,
    drop_titles: ["EMINEM SHOW"],
  },
  sizes: {
    users: 11_906,
    items: 17_332,
    "train.samples": 1_144_308,
    "test.samples": 309_898,
  },
  properties: {
    reviews: {
      description: "Amazon: the file of reviews, such as Books_5.json.gz (gzipped or not).",
      type: "string",
      minLength: 1,
    },
    metadata: {
      description:
        "Amazon: the file of item metadata, such as meta_Books.json.gz (gzipped or not).",
      type: "string",
      minLength: 1,
    },
    drop_titles: {
      description:
        'Amazon: items titled exactly so leave the sequences. Default ["EMINEM SHOW"], as in the reference.',
      type: "array",
      items: { type: "string", description: "A title, as it reads after cleaning." },
    },
  },
  files: (settings, place) => ({
    reviews: { path: resolve(place.folder, String(settings["reviews"])) },
    metadata: { path: resolve(place.folder, String(settings["metadata"])) },
  }),
  params: (settings) => ({ drop_titles: settings["drop_titles"] ?? [] }),
  check: checkFiles,
  readRatings,
  readItems,
  orderKey: () => (seconds) => Math.floor(seconds),
};

function checkFiles(settings: DatasetSettings, place: SpecPlace): Finding[] {
  return ["reviews", "metadata"].flatMap((name): Finding[] => {
    const path = `dataset.${name}`;
    const file = settings[name];
    if (typeof file !== "string") {
      const message = `amazon-books needs \`${name}\`: the path of a file of Amazon Review Data (2018)`;
      return [{ severity: "error", message, path }];
    }
    if (existsSync(resolve(place.folder, file))) return [];
    return [{ severity: "error", message: `there is no file ${file}`, path }];
  });
}

async function readRatings(task: ReadTask): Promise<Ratings> {
  const path = task.files["reviews"]!;
  const columns = new RatingColumns();
  const add = (user: number, item: number, rating: number, time: number): void => {
    columns.user.push(user);
    columns.item.push(item);
    columns.rating.push(rating);
    columns.time.push(time);
  };
  let unrated = 0;
  const counts = await readRecords(path, {
    fields: ["reviewerID", "asin", "overall", "unixReviewTime"],
    quick: (scanner, bytes) => {
      const { found, start, end } = scanner;
      if (found[0] !== Found.text || found[1] !== Found.text || found[3] !== Found.number)
        return false;
      if (found[2] !== Found.number || start[0] === end[0] || start[1] === end[1]) return false;
      const rating = numberAt(bytes, scanner, 2);
      const time = numberAt(bytes, scanner, 3);
      if (!isRating(rating) || !Number.isFinite(time)) return false;
      add(
        columns.users.intern(bytes, start[0]!, end[0]!),
        columns.items.intern(bytes, start[1]!, end[1]!),
        rating,
        time,
      );
      return true;
    },
    slow: (record) => {
      const { reviewerID, asin, overall, unixReviewTime } = record;
      if (overall === undefined || overall === null) {
        unrated += 1;
        return undefined;
      }
      if (!isText(reviewerID)) return "no reviewerID";
      if (!isText(asin)) return "no asin";
      if (!isRating(overall)) {
        return `overall is ${JSON.stringify(overall)}, not a whole number from 1 to ${largest}`;
      }
      if (typeof unixReviewTime !== "number" || !Number.isFinite(unixReviewTime)) {
        return `unixReviewTime is ${JSON.stringify(unixReviewTime) ?? "missing"}, not a number`;
      }
      const user = columns.users.internText(reviewerID);
      add(user, columns.items.internText(asin), overall, unixReviewTime);
      return undefined;
    },
    afterPiece: ({ done, total }) => task.progress(done, total, "bytes of reviews"),
  });
  tellBad(task, path, counts);
  if (unrated > 0) task.note("info", `${path}: ${unrated} reviews without a rating were left out`);
  return columns.take();
}

async function readItems(
  task: ReadTask,
  wanted: ReadonlySet<string>,
): Promise<Map<string, ItemText>> {
  const path = task.files["metadata"]!;
  const dropped = new Set(task.params["drop_titles"] as readonly string[]);
  const items = new Map<string, ItemText>();
  const counts = await readRecords(path, {
    fields: ["asin"],
    quick: (scanner, bytes) =>
      scanner.found[0] === Found.text &&
      scanner.start[0] !== scanner.end[0] &&
      !wanted.has(bytes.toString("latin1", scanner.start[0], scanner.end[0])),
    slow: (record) => {
      const { asin } = record;
      if (!isText(asin)) return "no asin";
      if (!wanted.has(asin)) return undefined;
      const text = itemText(record);
      if (text.title === null || !dropped.has(text.title)) items.set(asin, text);
      return undefined;
    },
    afterPiece: ({ done, total }) => task.progress(done, total, "bytes of metadata"),
  });
  tellBad(task, path, counts);
  if (items.size === 0) {
    throw new UserError(`${path} describes none of the ${wanted.size} items that are left`);
  }
  return items;
}

function itemText(record: JsonObject): ItemText {
  const { title, brand, category } = record;
  const second: unknown = Array.isArray(category) ? category[1] : undefined;
  return {
    title: typeof title === "string" ? cleanText(title) : null,
    attributes: [
      typeof brand === "string" ? cleanText(brand) : null,
      typeof second === "string" ? second.trim() : "unknown category",
    ],
  };
}

/** A number that the scanner found; the usual forms (`5`, `5.0`, whole seconds) without a string. */
function numberAt(bytes: Buffer, scanner: FieldScanner, field: number): number {
  const start = scanner.start[field]!;
  const end = scanner.end[field]!;
  let value = 0;
  let at = start;
  while (at < end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39)
    value = value * 10 + bytes[at++]! - 0x30;
  const whole = at === end || (end - at === 2 && bytes[at] === 0x2e && bytes[at + 1] === 0x30);
  if (whole && at > start && at - start <= 15) return value;
  return Number(bytes.toString("latin1", start, end));
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isRating = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= largest;

function tellBad(task: ReadTask, path: string, counts: RecordCounts): void {
  if (counts.bad === 0) return;
  const first = counts.firstBad.join("; ");
  const message = `${path}: ${counts.bad} of ${counts.lines} lines can't be used and were left out: ${first}`;
  task.note("warning", message);
}
