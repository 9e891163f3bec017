import { crc32 } from "node:zlib";
import type { Event, JournalEntry } from "./events.js";
import type { PlanReference } from "./plan-file.js";

// A line is {"crc":"<8 hex digits>","entry":<JSON>}: JSON by itself, and checked by cutting the
// entry's text out of it, so that the sum does not depend on how a parser spells values.
const HEAD = '{"crc":"';
const MIDDLE = '","entry":';
const ENTRY_AT = HEAD.length + 8 + MIDDLE.length;

const sum = (text: string): string => crc32(text).toString(16).padStart(8, "0");

/** An entry as a line of the journal, with its newline. */
export function formatLine(
  entry: Omit<JournalEntry, "event"> & { readonly event: Event | PlanReference },
): string {
  const text = JSON.stringify(entry);
  return `${HEAD}${sum(text)}${MIDDLE}${text}}\n`;
}

/** The entry of a line (without newline), or why it is none. */
export function parseLine(line: string): JournalEntry | { readonly damage: string } {
  const text = line.slice(ENTRY_AT, -1);
  if (
    !line.startsWith(HEAD) ||
    !line.endsWith("}") ||
    line.slice(HEAD.length + 8, ENTRY_AT) !== MIDDLE
  ) {
    return { damage: "not a line of a journal" };
  }
  if (sum(text) !== line.slice(HEAD.length, HEAD.length + 8)) {
    return { damage: "its checksum does not match its content" };
  }
  try {
    return JSON.parse(text) as JournalEntry;
  } catch {
    return { damage: "not JSON" };
  }
}
