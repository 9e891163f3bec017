import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.js";
import { cleanText } from "./clean-text.js";
import type { ItemText } from "./source.js";
import { readPieces } from "./streams.js";

/** The names that one edition of Amazon Review Data gives to what is read. */
export interface AmazonForm {
  /** In a file of reviews: user, item, rating, time. */
  readonly review: readonly [string, string, string, string];
  /** In a file of metadata: the item. */
  readonly item: string;
  /** Steps of the reviews' time in a second. */
  readonly ticks: number;
}

/** The editions of 2014 and 2018. */
const form2018: AmazonForm = {
  review: ["reviewerID", "asin", "overall", "unixReviewTime"],
  item: "asin",
  ticks: 1,
};

/** The edition of 2023. Its items are `parent_asin`: `asin` tells a book's formats apart. */
const form2023: AmazonForm = {
  review: ["user_id", "parent_asin", "rating", "timestamp"],
  item: "parent_asin",
  ticks: 1000,
};

/** The form of a file of reviews or of metadata, by its first line. */
export async function formOf(path: string): Promise<AmazonForm> {
  let start = "";
  for await (const piece of readPieces(path)) {
    start += piece.toString("latin1");
    if (start.trimStart().includes("\n") || start.length > 1 << 20) break;
  }
  const line = start.trimStart().split("\n", 1)[0]!;
  return /"parent_asin"\s*:/.test(line) ? form2023 : form2018;
}

/**
 * What a record of metadata tells about an item: title, brand and the second level of its category.
 * `category` is a list in 2018, `categories` a list in 2023 and a list of lists in 2014. The brand
 * of a book is who wrote it; in 2023 that is `author.name`, and `store` for other things.
 */
export function itemText(record: JsonObject): ItemText {
  const { title, brand, category, categories, author, store } = record;
  const makers = [brand, isJsonObject(author) ? author["name"] : author, store];
  const maker = makers.find((name) => typeof name === "string");
  const second = secondOf(category) ?? secondOf(categories);
  return {
    title: typeof title === "string" ? cleanText(title) : null,
    attributes: [typeof maker === "string" ? cleanText(maker) : null, second ?? "unknown category"],
  };
}

/** The second level of a path of categories, or of the first of several paths. */
function secondOf(path: Json | undefined): string | undefined {
  if (!Array.isArray(path)) return undefined;
  const levels = (Array.isArray(path[0]) ? path[0] : path) as readonly Json[];
  return typeof levels[1] === "string" ? levels[1].trim() : undefined;
}
