import { resolve } from "node:path";
import type { Finding } from "../../../src/base/diagnostic.js";
import { UserError } from "../../../src/base/exit.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { isFile } from "../../base/files/spec-path.js";
import { absentData } from "../../base/stage/mistake.js";
import { type Ratings, RatingColumns } from "./ratings.js";
import { type RecordCounts, readRecords } from "./records.js";
import { formOf, itemText } from "./amazon-records.js";
import { isMisreadMetadata, isMisreadReviews } from "./misread.js";
import { Found, type FieldScanner } from "./scanner.js";
import type { DatasetSettings, ItemText, ReadTask, Source } from "./source.js";

const largest = 5;

/**
 * Amazon Review Data (2018), Books: `Books_5.json.gz` and `meta_Books.json.gz`, JSON Lines; also in
 * the form of 2023 (`Books.jsonl.gz` and `meta_Books.jsonl.gz`).
 */
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
        'Amazon: items with one of these titles are left out. The default is ["EMINEM SHOW"], as in the reference.',
      type: "array",
      items: { type: "string", description: "A title, as it is after cleaning." },
    },
  },
  files: (settings, place) => ({
    reviews: { path: resolve(place.folder, String(settings["reviews"])) },
    metadata: { path: resolve(place.folder, String(settings["metadata"])) },
  }),
  params: (settings) => ({ drop_titles: settings["drop_titles"] ?? [] }),
  misread: ({ reviews, metadata }) =>
    isMisreadReviews(reviews!.path) || isMisreadMetadata(metadata!.path),
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
      return [absentData(path, message)];
    }
    if (isFile(resolve(place.folder, file))) return [];
    return [absentData(path, `there is no file ${file}`)];
  });
}

async function readRatings(task: ReadTask): Promise<Ratings> {
  const path = task.files["reviews"]!;
  const form = await formOf(path);
  const [userField, itemField, ratingField, timeField] = form.review;
  const columns = new RatingColumns();
  const add = (user: number, item: number, rating: number, time: number): void => {
    columns.user.push(user);
    columns.item.push(item);
    columns.rating.push(rating);
    columns.time.push(time / form.ticks);
  };
  let unrated = 0;
  const counts = await readRecords(path, {
    fields: form.review,
    quick: (scanner, bytes) => {
      const { found, start, end } = scanner;
      if (found[0] !== Found.text || found[1] !== Found.text || found[3] !== Found.number)
        return false;
      if (found[2] !== Found.number || start[0] === end[0] || start[1] === end[1]) return false;
      if (hasOddEnd(bytes, start[0]!, end[0]!) || hasOddEnd(bytes, start[1]!, end[1]!))
        return false;
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
      const { [userField]: user, [itemField]: item } = record;
      const { [ratingField]: rating, [timeField]: time } = record;
      if (rating === undefined || rating === null) {
        // A line of the other form is no review without a rating.
        if (!isText(user)) return `no ${userField}`;
        unrated += 1;
        return undefined;
      }
      if (!isText(user)) return `no ${userField}`;
      if (!isText(item)) return `no ${itemField}`;
      for (const [name, id] of [[userField, user] as const, [itemField, item] as const]) {
        if (ODD_END.test(id))
          return `${name} is ${JSON.stringify(id)}: an id begins and ends with no blank and no quote`;
      }
      if (!isRating(rating)) {
        return `${ratingField} is ${JSON.stringify(rating)}, not a whole number from 1 to ${largest}`;
      }
      if (typeof time !== "number" || !Number.isFinite(time)) {
        return `${timeField} is ${JSON.stringify(time) ?? "missing"}, not a number`;
      }
      const number = columns.users.internText(user);
      add(number, columns.items.internText(item), rating, time);
      return undefined;
    },
    afterPiece: ({ done, total }) => task.progress(done, total, "bytes of reviews"),
  });
  tellBad(task, path, counts);
  task.drop("unreadable", counts.bad);
  task.drop("unrated", unrated);
  if (unrated > 0) task.note("info", `${path}: ${unrated} reviews without a rating were left out`);
  return columns.take();
}

async function readItems(
  task: ReadTask,
  wanted: ReadonlySet<string>,
): Promise<Map<string, ItemText | null>> {
  const path = task.files["metadata"]!;
  const idField = (await formOf(path)).item;
  const dropped = new Set(task.params["drop_titles"] as readonly string[]);
  const items = new Map<string, ItemText | null>();
  let described = 0;
  const counts = await readRecords(path, {
    fields: [idField],
    quick: (scanner, bytes) =>
      scanner.found[0] === Found.text &&
      scanner.start[0] !== scanner.end[0] &&
      !wanted.has(bytes.toString("latin1", scanner.start[0], scanner.end[0])),
    slow: (record) => {
      const { [idField]: id } = record;
      if (!isText(id)) return `no ${idField}`;
      if (!wanted.has(id)) return undefined;
      const text = itemText(record);
      const drops = text.title !== null && dropped.has(text.title);
      if (!drops) described += 1;
      // A dropped title does not take back what another line says.
      if (!drops || !items.has(id)) items.set(id, drops ? null : text);
      return undefined;
    },
    afterPiece: ({ done, total }) => task.progress(done, total, "bytes of metadata"),
  });
  tellBad(task, path, counts);
  if (described === 0) {
    throw new UserError(`${path} describes none of the ${wanted.size} items that are left`);
  }
  return items;
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

/** Blanks and quotes at an end of an id, as programs leave them there: it would be another user or item. */
const ODD_END = /^[\s"'`\p{C}]|[\s"'`\p{C}]$/u;
/** The same for bytes that the scanner found: ASCII without escapes, so without `"`. */
const hasOddEnd = (bytes: Uint8Array, start: number, end: number): boolean =>
  isOdd(bytes[start]!) || isOdd(bytes[end - 1]!);
const isOdd = (byte: number): boolean =>
  byte <= 0x20 || byte === 0x27 || byte >= 0x7f || byte === 0x60;

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isRating = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= largest;

function tellBad(task: ReadTask, path: string, counts: RecordCounts): void {
  if (counts.bad === 0) return;
  const first = counts.firstBad.join("; ");
  const message = `${path}: ${counts.bad} of ${counts.lines} lines can't be used and were left out: ${first}`;
  task.note("warning", message);
}
