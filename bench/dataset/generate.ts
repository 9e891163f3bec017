import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** A small generator of equal sequences everywhere (linear congruential); numbers in [0, 1). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Writes reviews in the form of Books_5.json.gz: the same fields and spacing, texts of about the
 * same length (mean 95 words, exponential) and about as hard to compress, a tenth as many users as
 * reviews, sorted by item as the real file is.
 */
export async function writeReviews(path: string, rows: number): Promise<void> {
  await pipeline(
    Readable.from(batches(reviews(rows))),
    createGzip({ level: 6 }),
    createWriteStream(path),
  );
}

/** Writes ratings in the form of ML-1M's ratings.dat, sorted by user as the real file is. */
export async function writeMovieRatings(path: string, rows: number): Promise<void> {
  await pipeline(Readable.from(batches(ratings(rows))), createWriteStream(path));
}

function* reviews(rows: number): Generator<string> {
  const random = randomNumbers(1);
  const words = Array.from({ length: 20_000 }, () => wordOf(random));
  // Zipf-like: a few words are most of a text.
  const word = (): string => words[Math.floor(words.length * random() ** 3)]!;
  const users = Math.max(1, Math.floor(rows / 10));
  for (let row = 0; row < rows; row++) {
    const count = 5 + Math.floor(-Math.log(1 - random()) * 90);
    let text = "";
    for (let i = 0; i < count; i++) {
      text += word() + (random() < 0.08 ? ", " : random() < 0.01 ? ' \\"so\\" ' : " ");
    }
    const rating = 5 - Math.floor(5 * random() ** 2);
    const user = Math.floor(users * random())
      .toString(36)
      .toUpperCase()
      .padStart(12, "1");
    const item = String(Math.floor((row / rows) * (rows / 35))).padStart(10, "0");
    const style = random() < 0.8 ? ' "style": {"Format:": " Paperback"},' : "";
    yield (
      `{"overall": ${rating}.0, "verified": ${random() < 0.7}, "reviewTime": "03 30, 2005",` +
      ` "reviewerID": "A${user}", "asin": "${item}",${style} "reviewerName": "${word()} ${word()}",` +
      ` "reviewText": "${text}", "summary": "${word()} ${word()} ${word()}",` +
      ` "unixReviewTime": ${1_112_140_800 + 86_400 * Math.floor(random() * 4000)}}\n`
    );
  }
}

function* ratings(rows: number): Generator<string> {
  const random = randomNumbers(2);
  for (let row = 0; row < rows; row++) {
    const user = 1 + Math.floor((row / rows) * 6040);
    const item = 1 + Math.floor(random() * 3952);
    const time = 956_703_932 + Math.floor(random() * 90_000_000);
    yield `${user}::${item}::${1 + Math.floor(random() * 5)}::${time}\n`;
  }
}

/** Letters roughly as frequent as in English. */
function wordOf(random: () => number): string {
  const letters = "etaoinshrdlucmfwypvbgkjqxz";
  const length = 2 + Math.floor(random() * random() * 12);
  let word = "";
  for (let i = 0; i < length; i++) word += letters[Math.floor(26 * random() * random())];
  return word;
}

/** Lines joined, so that the stream is handed fewer and larger pieces. */
function* batches(lines: Iterable<string>): Generator<string> {
  let text = "";
  for (const line of lines) {
    text += line;
    if (text.length > 1 << 18) {
      yield text;
      text = "";
    }
  }
  if (text !== "") yield text;
}
