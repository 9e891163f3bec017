import { UserError } from "../../../src/base/exit.js";
import { isJsonObject, type JsonObject } from "../../../src/base/json.js";
import { FieldScanner } from "./scanner.js";
import { readPieces, type ReadPosition } from "./streams.js";

/** How a file of JSON objects, one a line, is read. */
export interface RecordReader {
  /** The fields the fast path looks for. */
  readonly fields: readonly string[];
  /**
   * Gets a line's bytes, after the scanner found the fields in them. Returns false to be given the
   * parsed object instead.
   */
  quick(scanner: FieldScanner, bytes: Buffer, start: number, end: number): boolean;
  /** Gets a parsed object. Returns what is wrong with it, or undefined. */
  slow(record: JsonObject): string | undefined;
  /** Called between pieces, for progress and stopping. */
  afterPiece?(position: ReadPosition): void;
}

/** What reading found. */
export interface RecordCounts {
  readonly lines: number;
  /** Lines that could not be used, and the first few of them. */
  readonly bad: number;
  readonly firstBad: readonly string[];
}

/** More than this share of unusable lines is an error. */
const badShare = 0.001;
const named = 5;
const newline = 10;
const longestLine = 1 << 24;

/**
 * Reads a JSON Lines file, gzipped or not, at the speed of {@link FieldScanner}. Unusable lines are
 * left out, counted and named; more than 0.1 % of them is a UserError. Empty lines don't count.
 */
export async function readRecords(path: string, reader: RecordReader): Promise<RecordCounts> {
  const scanner = new FieldScanner(reader.fields);
  const position = { done: 0, total: 0 };
  const firstBad: string[] = [];
  let lines = 0;
  let bad = 0;
  let empty = 0;
  const slowly = (bytes: Buffer, start: number, end: number): void => {
    const text = bytes.toString("utf8", start, end);
    if (text.trim() === "") {
      empty += 1;
      return;
    }
    const wrong = parseWith(reader, text);
    if (wrong === undefined) return;
    bad += 1;
    if (firstBad.length < named) firstBad.push(`line ${lines}: ${wrong}`);
  };
  let buffer = Buffer.allocUnsafe(1 << 20);
  let held = 0;
  for await (const piece of readPieces(path, position)) {
    // One byte more: the scanner wants a newline behind all it reads.
    if (held + piece.length + 1 > buffer.length) {
      const larger = Buffer.allocUnsafe((held + piece.length) * 2);
      buffer.copy(larger, 0, 0, held);
      buffer = larger;
    }
    piece.copy(buffer, held);
    const before = held;
    held += piece.length;
    buffer[held] = newline;
    let start = 0;
    // A line longer than a piece is not scanned before its end is there.
    while (start > 0 || buffer.indexOf(newline, before) < held) {
      let end = scanner.scan(buffer, start);
      const sure = end >= 0;
      if (!sure) end = buffer.indexOf(newline, start);
      // The newline behind the last byte is ours: that line goes on in the next piece.
      if (end >= held) break;
      lines += 1;
      if (!sure || !reader.quick(scanner, buffer, start, end)) slowly(buffer, start, end);
      start = end + 1;
    }
    buffer.copyWithin(0, start, held);
    held -= start;
    if (held > longestLine) {
      const where = `${path}:${lines + 1}`;
      throw new UserError(
        `${where}: a line of more than 16 MB; each line should hold one JSON object`,
      );
    }
    reader.afterPiece?.(position);
  }
  if (held > 0) {
    lines += 1;
    slowly(buffer, 0, held);
  }
  const read = lines - empty;
  if (read === 0) throw new UserError(`${path} holds no lines`);
  if (bad > read * badShare) {
    throw new UserError(
      `${path}: ${bad} of ${read} lines can't be used (at most 0.1 % may be bad): ${firstBad.join("; ")}`,
    );
  }
  return { lines: read, bad, firstBad };
}

function parseWith(reader: RecordReader, text: string): string | undefined {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    // Older copies of these files hold Python literals, which look much alike.
    const python = /^\s*\{\s*'/.test(text) ? "; it looks like Python, not JSON" : "";
    return `not JSON (${(error as Error).message})${python}`;
  }
  return isJsonObject(record) ? reader.slow(record) : "not a JSON object";
}
