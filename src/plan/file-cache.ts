import { crc32 } from "node:zlib";

/** A remembered checksum of a user's file. */
export interface CacheEntry {
  readonly path: string;
  readonly stamp: string;
  readonly sha256: string;
}

/** A line begins with a newline, so that it stands alone even behind a torn one. */
export function formatCacheLine(entry: CacheEntry): string {
  const text = JSON.stringify([entry.path, entry.stamp, entry.sha256]);
  return `\n${crc32(text).toString(16)} ${text}\n`;
}

/** The entry of a line; null for an empty or damaged one. */
export function parseCacheLine(line: string): CacheEntry | null {
  const at = line.indexOf(" ");
  const text = line.slice(at + 1);
  if (at === -1 || crc32(text).toString(16) !== line.slice(0, at)) return null;
  const [path, stamp, sha256] = JSON.parse(text) as [string, string, string];
  return { path, stamp, sha256 };
}
