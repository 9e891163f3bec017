import { isUtf8 } from "node:buffer";
import { ExitCode, UserError } from "../../../../src/base/exit.js";
import { readPieces, type ReadPosition } from "../streams.js";

/** How the lines of a delimited text are written. */
export interface DelimitedForm {
  /** What stands between two fields. */
  readonly delimiter: string;
  /** The sign around fields that hold delimiters or line ends (RFC 4180); null: there is none. */
  readonly quote: string | null;
  readonly encoding: "utf-8" | "latin-1";
}

/**
 * One record in the bytes of a file. Field n is `bytes[starts[n], ends[n])`, in UTF-8, without its
 * quotes. The object is used again for the next record.
 */
export interface FieldRecord {
  readonly bytes: Buffer;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The number of fields. */
  readonly count: number;
  /** The line that it begins in, from 1. */
  readonly line: number;
}

/** What {@link eachRecord} calls. */
export interface RecordSink {
  record(record: FieldRecord): void;
  /** A record that is no record: a quote in the wrong place. */
  wrong(line: number, why: string): void;
  /** Called between pieces, for progress and stopping. */
  afterPiece?(position: ReadPosition): void;
}

const newline = 10;
const carriageReturn = 13;
const LONGEST = 1 << 24;
const MOST_FIELDS = 4096;
const INCOMPLETE = -1;

/**
 * Reads a delimited text record by record, without making strings: gzipped or not, each line end \n
 * or \r\n, a byte order mark left out. Blank lines are skipped, and count as lines. Throws a
 * UserError with file and line for bytes that are not in the encoding, and for a record without end.
 */
export async function eachRecord(
  path: string,
  form: DelimitedForm,
  sink: RecordSink,
): Promise<void> {
  const cutter = new Cutter(form, sink);
  const position = { done: 0, total: 0 };
  let buffer = Buffer.allocUnsafe(1 << 20);
  let held = 0;
  const take = (end: boolean): void => {
    if (form.encoding === "utf-8") checkUtf8(path, buffer, held, end, cutter);
    const used = cutter.cut(buffer, held, end);
    buffer.copyWithin(0, used, held);
    held -= used;
    cutter.checked = Math.max(0, cutter.checked - used);
    if (held > LONGEST) {
      const why = `a record of more than 16 MB begins here; a quote that is not closed is a cause of this`;
      throw new UserError(`${path}:${cutter.line}: ${why}`);
    }
  };
  for await (const raw of readPieces(path, position)) {
    const piece = form.encoding === "latin-1" ? Buffer.from(raw.toString("latin1"), "utf8") : raw;
    if (held + piece.length > buffer.length) {
      const larger = Buffer.allocUnsafe((held + piece.length) * 2);
      buffer.copy(larger, 0, 0, held);
      buffer = larger;
    }
    piece.copy(buffer, held);
    held += piece.length;
    take(false);
    sink.afterPiece?.(position);
  }
  take(true);
}

/** The fields of the first record of some bytes; null where they hold none that is complete. */
export function firstRecord(bytes: Buffer, form: DelimitedForm): string[] | null {
  let fields: string[] | null = null;
  const cutter = new Cutter(form, {
    record: (record) => {
      fields ??= Array.from({ length: record.count }, (_, n) =>
        record.bytes.toString("utf8", record.starts[n], record.ends[n]),
      );
    },
    wrong: () => undefined,
  });
  const end = bytes.indexOf(newline);
  cutter.cut(bytes, end < 0 ? bytes.length : end + 1, true);
  return fields;
}

/** Checks what has not been checked yet, up to the last line end: a letter may go on in the next piece. */
function checkUtf8(path: string, buffer: Buffer, held: number, end: boolean, cutter: Cutter): void {
  const to = end ? held : buffer.lastIndexOf(newline, held - 1) + 1;
  const from = cutter.checked;
  if (to <= from) return;
  cutter.checked = to;
  if (isUtf8(buffer.subarray(from, to))) return;
  let line = cutter.line + linesIn(buffer, 0, from);
  for (let start = from; start < to; line++) {
    const found = buffer.indexOf(newline, start);
    const stop = found < 0 || found >= to ? to : found;
    if (!isUtf8(buffer.subarray(start, stop))) {
      const text = buffer.toString("latin1", start, Math.min(stop, start + 60));
      throw new UserError(
        `${path}:${line}: these bytes are not UTF-8: ${JSON.stringify(text)} (as latin-1)`,
        {
          exitCode: ExitCode.usage,
          hint: "set encoding: latin-1 for this file, or save it as UTF-8",
        },
      );
    }
    start = stop + 1;
  }
}

function linesIn(buffer: Buffer, from: number, to: number): number {
  let count = 0;
  for (
    let at = buffer.indexOf(newline, from);
    at >= 0 && at < to;
    at = buffer.indexOf(newline, at + 1)
  )
    count += 1;
  return count;
}

/** Cuts bytes into records. */
class Cutter {
  /** The line that the next record begins in. */
  line = 1;
  /** Bytes at the start of the buffer that are known to be UTF-8. */
  checked = 0;
  readonly #starts = new Int32Array(MOST_FIELDS);
  readonly #ends = new Int32Array(MOST_FIELDS);
  readonly #gap: Buffer;
  readonly #quote: number;
  readonly #record: { -readonly [K in keyof FieldRecord]: FieldRecord[K] };
  /** Fields with doubled quotes. */
  #doubled: number[] = [];
  #lines = 0;

  constructor(
    form: DelimitedForm,
    private readonly sink: RecordSink,
  ) {
    this.#gap = Buffer.from(form.delimiter, "utf8");
    this.#quote = form.quote === null ? -1 : form.quote.charCodeAt(0);
    const [starts, ends] = [this.#starts, this.#ends];
    this.#record = { bytes: this.#gap, starts, ends, count: 0, line: 1 };
  }

  /** Gives the complete records of `bytes[0, held)`; returns how many bytes they are. */
  cut(bytes: Buffer, held: number, end: boolean): number {
    let start = 0;
    this.#record.bytes = bytes;
    while (start < held) {
      const next = this.#one(bytes, start, held, end);
      if (next === INCOMPLETE) break;
      this.line += this.#lines;
      start = next;
    }
    return start;
  }

  /** One record from `start` on; returns where the next begins. */
  #one(bytes: Buffer, start: number, held: number, end: boolean): number {
    const starts = this.#starts;
    const ends = this.#ends;
    const gap = this.#gap;
    const [first, wide, quote] = [gap[0]!, gap.length, this.#quote];
    let field = 0;
    let at = start;
    this.#lines = 1;
    if (this.#doubled.length > 0) this.#doubled = [];
    starts[0] = start;
    if (bytes[at] === quote) return this.#quoted(bytes, 0, at, held, end);
    for (; at < held; at++) {
      const byte = bytes[at]!;
      if (byte === newline) return this.#finish(bytes, start, field, at, at + 1);
      if (byte !== first || (wide > 1 && !this.#isGap(bytes, at, held))) continue;
      ends[field] = at;
      at += wide - 1;
      if (field < MOST_FIELDS - 1) field += 1;
      starts[field] = at + 1;
      if (bytes[at + 1] === quote && at + 1 < held)
        return this.#quoted(bytes, field, at + 1, held, end);
    }
    return end ? this.#finish(bytes, start, field, held, held) : INCOMPLETE;
  }

  /** The rest of a record, from a field that begins with a quote. */
  #quoted(bytes: Buffer, from: number, position: number, held: number, end: boolean): number {
    let field = from;
    let at = position;
    for (;;) {
      // At the start of a field.
      this.#starts[field] = at;
      let stop: number;
      if (at < held && bytes[at] === this.#quote) {
        let close = at + 1;
        for (;;) {
          close = bytes.indexOf(this.#quote, close);
          if (close < 0 || close >= held) {
            if (!end) return INCOMPLETE;
            this.sink.wrong(
              this.line,
              "a quote is opened and not closed up to the end of the file",
            );
            return held;
          }
          if (bytes[close + 1] !== this.#quote || close + 1 >= held) break;
          if (this.#doubled.at(-1) !== field) this.#doubled.push(field);
          close += 2;
        }
        // Whether the quote is doubled or followed by \r\n shows in the next bytes.
        if (close + 2 + this.#gap.length >= held && !end) return INCOMPLETE;
        this.#lines += linesIn(bytes, at, close);
        this.#starts[field] = at + 1;
        this.#ends[field] = close;
        stop = close + 1;
        if (bytes[stop] === carriageReturn && stop < held && bytes[stop + 1] === newline) stop += 1;
        const closed = stop >= held || bytes[stop] === newline || this.#isGap(bytes, stop, held);
        if (!closed) {
          const next = bytes.indexOf(newline, stop);
          const found = next >= 0 && next < held;
          if (!found && !end) return INCOMPLETE;
          const sign = JSON.stringify(String.fromCharCode(this.#quote));
          this.sink.wrong(
            this.line,
            `a field that begins with ${sign} has more text behind the closing one; quote: null takes quotes as they are`,
          );
          return found ? next + 1 : held;
        }
      } else {
        stop = at;
        while (stop < held && bytes[stop] !== newline && !this.#isGap(bytes, stop, held)) stop += 1;
        if (stop >= held && !end) return INCOMPLETE;
        const cut =
          stop > at &&
          (stop >= held || bytes[stop] === newline) &&
          bytes[stop - 1] === carriageReturn;
        this.#ends[field] = cut ? stop - 1 : stop;
      }
      if (stop >= held || bytes[stop] === newline) {
        return this.#give(bytes, field, stop < held ? stop + 1 : held);
      }
      at = stop + this.#gap.length;
      if (field < MOST_FIELDS - 1) field += 1;
    }
  }

  #isGap(bytes: Buffer, at: number, held: number): boolean {
    const gap = this.#gap;
    if (at + gap.length > held) return false;
    for (let i = 0; i < gap.length; i++) if (bytes[at + i] !== gap[i]) return false;
    return true;
  }

  /** Ends a record without quotes at `stop`. */
  #finish(bytes: Buffer, start: number, field: number, stop: number, next: number): number {
    const last =
      stop > this.#starts[field]! && bytes[stop - 1] === carriageReturn ? stop - 1 : stop;
    this.#ends[field] = last;
    if (field === 0 && last === start) return next;
    return this.#give(bytes, field, next);
  }

  #give(bytes: Buffer, field: number, next: number): number {
    for (const each of this.#doubled) this.#undouble(bytes, each);
    this.#record.count = field + 1;
    this.#record.line = this.line;
    this.sink.record(this.#record);
    return next;
  }

  /** Makes one quote of each two, in place: the record is complete, so nobody reads it again. */
  #undouble(bytes: Buffer, field: number): void {
    let to = this.#starts[field]!;
    for (let at = to; at < this.#ends[field]!; at++) {
      bytes[to++] = bytes[at]!;
      if (bytes[at] === this.#quote) at += 1;
    }
    this.#ends[field] = to;
  }
}
