import { createReadStream } from "node:fs";
import { UserError } from "../../../src/base/exit.js";
import type { Json } from "../../../src/base/json.js";

/** A line of a JSON Lines file. */
export interface JsonLine {
  /** From 1. */
  readonly line: number;
  readonly value: Json;
}

/**
 * Reads a JSON Lines file (UTF-8) line by line in constant memory; empty lines are skipped. Throws
 * a UserError with file and line for what isn't JSON or isn't UTF-8.
 */
export async function* readJsonl(path: string): AsyncGenerator<JsonLine> {
  // Lines end at \n alone: readline would also cut at U+2028, which JSON allows within strings.
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let pieces: Buffer[] = [];
  let line = 0;
  const parse = (bytes: Uint8Array): JsonLine | undefined => {
    line += 1;
    let text;
    try {
      text = decoder.decode(bytes);
    } catch {
      throw new UserError(`${path}:${line}: not UTF-8`);
    }
    if (text.trim() === "") return undefined;
    try {
      return { line, value: JSON.parse(text) as Json };
    } catch (error) {
      throw new UserError(`${path}:${line}: not JSON (${(error as Error).message})`);
    }
  };
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 18 })) {
    const chunk = piece as Buffer;
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      pieces.push(chunk.subarray(from, end));
      const parsed = parse(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
      pieces = [];
      from = end + 1;
      if (parsed !== undefined) yield parsed;
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from));
  }
  if (pieces.length > 0) {
    const parsed = parse(Buffer.concat(pieces));
    if (parsed !== undefined) yield parsed;
  }
}

/**
 * The lines of a JSON Lines file of one of r4ec's own artifacts, one by one. They have the form T
 * because r4ec wrote them so, and the artifact's checksum says that they are still what was written.
 */
export async function* ownLines<T extends object>(path: string): AsyncGenerator<T> {
  for await (const { value } of readJsonl(path)) yield value as T;
}

/** All lines of a JSON Lines file of one of r4ec's own artifacts, as {@link ownLines} types them. */
export async function readOwnJsonl<T extends object>(path: string): Promise<T[]> {
  const lines: T[] = [];
  for await (const line of ownLines<T>(path)) lines.push(line);
  return lines;
}
