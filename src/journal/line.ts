import { crc32 } from "node:zlib";
import type { Event, JournalEntry } from "./events.js";
import type { PlanReference } from "./plan-file.js";

// A line is {"crc":"<8 hex digits>","entry":<JSON>}: JSON by itself, and checked by cutting the
// entry's text out of it, so that the sum does not depend on how a parser spells values.
const HEAD = '{"crc":"';
const MIDDLE = '","entry":';
const SUM_AT = HEAD.length;
const ENTRY_AT = SUM_AT + 8 + MIDDLE.length;
const HEAD_BYTES = Buffer.from(HEAD);
const MIDDLE_BYTES = Buffer.from(MIDDLE);
/** By the code of a digit, what it counts. */
const DIGITS = Array.from({ length: 256 }, (_, code) => {
  const at = "0123456789abcdef".indexOf(String.fromCharCode(code));
  return at < 0 ? NaN : at;
});

const hex = (sum: number): string => sum.toString(16).padStart(8, "0");

/** An entry as a line of the journal, with its newline. */
export function formatLine(
  entry: Omit<JournalEntry, "event"> & { readonly event: Event | PlanReference },
): string {
  const text = JSON.stringify(entry);
  return `${HEAD}${hex(crc32(text))}${MIDDLE}${text}}\n`;
}

/**
 * Where the JSON of a line's entry stands in some bytes, its checksum having been looked at; or why the line
 * is none.
 *
 * @param start of the line
 * @param end of the line, its newline not included
 */
export function entryIn(
  bytes: Buffer,
  start: number,
  end: number,
): { readonly from: number; readonly to: number } | { readonly damage: string } {
  const from = start + ENTRY_AT;
  const to = end - 1;
  const isLine =
    to >= from &&
    bytes[to] === 125 &&
    behind(bytes, HEAD_BYTES, start) > 0 &&
    behind(bytes, MIDDLE_BYTES, start + SUM_AT + 8) > 0;
  if (!isLine) return { damage: "not a line of a journal" };
  if (crc32(bytes.subarray(from, to)) !== sumAt(bytes, start + SUM_AT))
    return { damage: "its checksum does not match its content" };
  return { from, to };
}

/** The place behind a text that stands at a place; -1 where another one stands there. */
export function behind(bytes: Buffer, text: Buffer, at: number): number {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return -1;
  return at + text.length;
}

/** The number of eight hexadecimal digits, as r4ec writes them; NaN where others stand. */
function sumAt(bytes: Buffer, at: number): number {
  let sum = 0;
  for (let i = at; i < at + 8; i++) sum = sum * 16 + (DIGITS[bytes[i]!] ?? NaN);
  return sum;
}

/** The entry that stands at a place. */
export function parseEntry(
  bytes: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
): JournalEntry | { readonly damage: string } {
  try {
    return JSON.parse(bytes.toString("utf8", from, to)) as JournalEntry;
  } catch {
    return { damage: "not JSON" };
  }
}

/** The entry of a line (without newline), or why it is none. */
export function parseLine(line: Buffer): JournalEntry | { readonly damage: string } {
  const place = entryIn(line, 0, line.length);
  return "damage" in place ? place : parseEntry(line, place);
}
