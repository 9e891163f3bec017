import { UserError } from "../../../../src/base/exit.js";
import { MARK_BYTES, startsWithMark } from "../../../base/files/byte-order-mark.js";
import type { ReadPosition } from "../streams.js";
import type { BadLines } from "./bad-lines.js";
import { eachRecord } from "./delimited.js";
import { columnsOf, type FileForm, type HeaderColumn } from "./form.js";
import { LIST_GAP, type Row, type RowReader, type WantedColumn } from "./row.js";

const BLANK = 0x20;
const QUOTE = 0x22;
const GAP = LIST_GAP.charCodeAt(0);

/** A file of delimited text. */
export interface DelimitedFile {
  readonly path: string;
  readonly form: Extract<FileForm, { kind: "delimited" }>;
  /** What messages call a place in it, by the line and the number of the record. */
  readonly shown: (line: number, record: number) => string;
  /** Names of its columns where it has no header. */
  readonly header: readonly string[] | undefined;
}

/**
 * Reads the wanted columns of a delimited text. The header is compared: a column that the file lacks
 * is a UserError. A record with more or fewer fields than columns is a bad line.
 */
export async function eachDelimitedRow(
  { path, form, shown, header }: DelimitedFile,
  wanted: readonly WantedColumn[],
  bad: BadLines,
  read: RowReader,
  afterPiece: (position: ReadPosition) => void,
): Promise<void> {
  let columns = header === undefined ? null : columnsOf(header, form.recbole);
  let places = columns === null ? null : placesOf(columns, wanted, shown(1, 1));
  let line = 1;
  let record = 0;
  const row: Row = {
    bytes: Buffer.alloc(0),
    starts: new Int32Array(wanted.length),
    ends: new Int32Array(wanted.length),
    where: () => shown(line, record),
  };
  const add = (why: string): void => bad.add(row.where(), why);
  await eachRecord(path, form.form, {
    record: ({ bytes, starts, ends, count, line: at }) => {
      line = at;
      if (places === null || columns === null) {
        const names = Array.from({ length: count }, (_, n) =>
          bytes.toString("utf8", starts[n], ends[n]),
        );
        columns = columnsOf(names, form.recbole);
        places = placesOf(columns, wanted, shown(at, 0));
        return;
      }
      record += 1;
      bad.lines += 1;
      if (count !== columns.length) {
        add(
          `it has ${count} ${count === 1 ? "field" : "fields"}, and there are ${columns.length} columns`,
        );
        return;
      }
      // Of files that were put together, each may begin with a mark.
      if (bytes[starts[0]!] === 0xef && startsWithMark(bytes.subarray(starts[0], ends[0]))) {
        starts[0]! += MARK_BYTES;
        if (bytes[starts[0]!] === QUOTE) {
          add("it begins with a byte order mark in front of a quote");
          return;
        }
      }
      row.bytes = bytes;
      for (let n = 0; n < places.length; n++) {
        row.starts[n] = starts[places[n]!]!;
        row.ends[n] = ends[places[n]!]!;
        // RecBole writes the values of a token_seq with blanks between them.
        if (wanted[n]!.kind === "list" && columns[places[n]!]!.kind === "token_seq") {
          for (let at = row.starts[n]!; at < row.ends[n]!; at++)
            if (bytes[at] === BLANK) bytes[at] = GAP;
        }
      }
      const wrong = read(row);
      if (wrong !== undefined) add(wrong);
    },
    wrong: (at, why) => {
      line = at;
      bad.lines += 1;
      add(why);
    },
    afterPiece,
  });
  if (places === null) throw new UserError(`${path} holds no lines`);
}

/** Where each wanted column stands in a header. Throws a UserError for one that is not there. */
export function placesOf(
  columns: readonly HeaderColumn[],
  wanted: readonly { readonly name: string }[],
  where: string,
): number[] {
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, n) => names.indexOf(name) < n);
  return wanted.map(({ name }) => {
    const place = names.indexOf(name);
    if (place >= 0 && name !== twice) return place;
    if (place >= 0) throw new UserError(`${where}: two columns are called ${JSON.stringify(name)}`);
    throw new UserError(
      `${where}: there is no column ${JSON.stringify(name)}; the columns are ${names.map((each) => JSON.stringify(each)).join(", ")}`,
    );
  });
}
