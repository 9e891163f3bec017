import type { Json, JsonObject } from "../../../../src/base/json.js";
import { UserError } from "../../../../src/base/exit.js";
import { readRecords } from "../records.js";
import { Found, type FieldScanner } from "../scanner.js";
import type { ReadPosition } from "../streams.js";
import type { BadLines } from "./bad-lines.js";
import { LIST_GAP, type Row, type RowReader, type WantedColumn } from "./row.js";

/**
 * Reads JSON Lines as rows: a wanted column is a field of each line's object. Null and a missing
 * field are empty. A column that no line has is a UserError.
 */
export async function eachJsonRow(
  path: string,
  wanted: readonly WantedColumn[],
  bad: BadLines,
  read: RowReader,
  afterPiece: (position: ReadPosition) => void,
): Promise<void> {
  const row: Row = {
    bytes: Buffer.alloc(0),
    starts: new Int32Array(wanted.length),
    ends: new Int32Array(wanted.length),
    where: () => path,
  };
  const seen = new Uint8Array(wanted.length);
  const counts = await readRecords(path, {
    fields: wanted.map(({ name }) => name),
    quick: (scanner, bytes) => {
      if (!plain(scanner, bytes, wanted)) return false;
      row.bytes = bytes;
      row.starts.set(scanner.start);
      row.ends.set(scanner.end);
      seen.fill(1);
      // A row with a mistake comes again by the slow way, which names it.
      return read(row) === undefined;
    },
    slow: (record) => {
      const texts: string[] = [];
      for (const [n, { name, kind }] of wanted.entries()) {
        const value = Object.hasOwn(record, name) ? record[name] : undefined;
        if (value !== undefined) seen[n] = 1;
        const text = textOf(value ?? null, kind);
        if (text === undefined) return `${name} is ${shown(record, name)}, ${NEEDED[kind]}`;
        texts.push(text);
      }
      const parts = texts.map((text) => Buffer.from(text, "utf8"));
      row.bytes = Buffer.concat(parts);
      let at = 0;
      parts.forEach((part, n) => {
        row.starts[n] = at;
        at += part.length;
        row.ends[n] = at;
      });
      return read(row);
    },
    afterPiece,
  });
  bad.lines += counts.lines;
  bad.addAll(
    counts.bad,
    counts.firstBad.map((each) => `${path}: ${each}`),
  );
  const missing = wanted.find((_, n) => seen[n] === 0);
  if (missing !== undefined)
    throw new UserError(`${path}: no line has a field ${JSON.stringify(missing.name)}`);
}

/** What is wrong with a value of a column of each kind, as the end of a sentence. */
export const NEEDED = {
  id: "not a text and no whole number up to 2^53",
  text: "neither text nor number",
  list: "neither text, number nor a list of them",
} as const;

/** Whether the bytes of all wanted fields are their texts. */
function plain(scanner: FieldScanner, bytes: Buffer, wanted: readonly WantedColumn[]): boolean {
  for (let n = 0; n < wanted.length; n++) {
    const found = scanner.found[n];
    if (found === Found.text) continue;
    if (found !== Found.number) return false;
    if (wanted[n]!.kind !== "id") continue;
    for (let at = scanner.start[n]!; at < scanner.end[n]!; at++) {
      const byte = bytes[at]!;
      if ((byte < 0x30 || byte > 0x39) && byte !== 0x2d) return false;
    }
  }
  return true;
}

/** A value as the text of a column; undefined where it cannot stand there. */
export function textOf(value: Json, kind: WantedColumn["kind"]): string | undefined {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number") {
    return kind !== "id" || Number.isSafeInteger(value) ? String(value) : undefined;
  }
  if (typeof value === "boolean") return kind === "id" ? undefined : String(value);
  if (kind !== "list" || !Array.isArray(value)) return undefined;
  const parts = value.map((each) => textOf(each, "text"));
  return parts.includes(undefined) ? undefined : parts.join(LIST_GAP);
}

const shown = (record: JsonObject, name: string): string =>
  JSON.stringify(record[name])?.slice(0, 60) ?? "missing";
