import { crc32 } from "node:zlib";
import type { Json } from "./json.js";

/**
 * A value as a line with its checksum, for a file that several processes append to. It begins with a newline,
 * so that it stands alone even behind a torn one.
 */
export function formatSummed(value: Json): string {
  const text = JSON.stringify(value);
  return `\n${crc32(text).toString(16)} ${text}\n`;
}

/** The value of a line; null for an empty, torn or damaged one. */
export function parseSummed(line: string): Json {
  const at = line.indexOf(" ");
  const text = line.slice(at + 1);
  if (at === -1 || crc32(text).toString(16) !== line.slice(0, at)) return null;
  return JSON.parse(text) as Json;
}
