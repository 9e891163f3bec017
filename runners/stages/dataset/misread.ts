import { readFileSync } from "node:fs";
import { startsWithMark } from "../../base/files/byte-order-mark.js";
import { memoByFile } from "../../base/files/memo-by-file.js";
import { headOf, unpacked } from "./head.js";
import { textOf } from "./movie-lines.js";

/**
 * Which files earlier versions of r4ec read in another way than this one does, or read where this
 * one refuses. A data set with such a file gets a parameter {@link READING}, and so a fingerprint of
 * its own: what was prepared from it before is not used again. All other data sets keep their
 * fingerprints and what was computed from them.
 */
export const READING = 2;

/** Ratings of MovieLens: anything but digits, separators and line ends. */
export const isMisreadRatings = (path: string): boolean =>
  remembered("ratings", path, () =>
    // Every plan looks: an expression over latin-1 takes a fifth of the time of a test for each byte.
    /[^\d:\t\n\r]/.test(unpacked(readFileSync(path)).toString("latin1")),
  );

/** Movies of MovieLens: a byte order mark, UTF-8 with letters beyond ASCII, an id that is no number or stands twice. */
export const isMisreadMovies = (path: string): boolean =>
  remembered("movies", path, () => {
    const bytes = unpacked(readFileSync(path));
    const { content, isUtf8 } = textOf(bytes);
    if (startsWithMark(bytes) || (isUtf8 && bytes.some((byte) => byte >= 0x80))) return true;
    const lines = content.split("\n").filter((line) => line.trim() !== "");
    const ids = lines.map((line) => /^\d+(?=::|\|)/.exec(line)?.[0] ?? null);
    return ids.includes(null) || new Set(ids).size < ids.length;
  });

/** Reviews of Amazon: a byte order mark. */
export const isMisreadReviews = (path: string): boolean =>
  remembered("reviews", path, () => startsWithMark(headOf(path)));

/** Metadata of Amazon: a byte order mark, or first lines that have `categories` and no `category`. */
export const isMisreadMetadata = (path: string): boolean =>
  remembered("metadata", path, () => {
    const head = headOf(path);
    const text = head.toString("utf8");
    return startsWithMark(head) || (/"categories"\s*:/.test(text) && !/"category"\s*:/.test(text));
  });

const answers = memoByFile<boolean>();

/** A file that can't be read is the stage's to tell: false. */
function remembered(what: string, path: string, look: () => boolean): boolean {
  try {
    return answers(what, path, look);
  } catch {
    return false;
  }
}
