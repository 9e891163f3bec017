import { ExitCode, UserError } from "../../../../src/base/exit.js";
import { Column } from "../column.js";
import { isoSeconds, type DateReader } from "./dates.js";

/** Units of times that are numbers, with how many make a second. */
export const TIME_UNITS = { seconds: 1, milliseconds: 1e3, microseconds: 1e6 } as const;
export type TimeUnit = keyof typeof TIME_UNITS;

/** Numbers below are seconds (up to the year 5138), up to the next milliseconds, then microseconds. */
const FIRST_MILLISECONDS = 1e11;
const FIRST_MICROSECONDS = 1e14;

const NUMBER = /^-?\d+(\.\d+)?$/;

/** The end of an ISO date with a time of day that names its zone. */
const ZONE = /(?:Z|UTC|[+-]\d\d(?::?\d\d)?)$/;

/** What {@link TimeColumn} found wrong with a text. */
const NOT_A_TIME = "no number and no date as 2014-03-22 or 2014-03-22T16:23:26+01:00";

/**
 * The times of a table: numbers (seconds, milliseconds or microseconds since 1970, told apart by
 * their size) or dates (ISO 8601, or a form that the spec gives). All times of a table are of one
 * kind.
 */
export class TimeColumn {
  readonly #times = new Column((length) => new Float64Array(length));
  /** By kind: where its first time stands. */
  readonly #kinds = new Map<TimeUnit | "dates", string>();
  readonly #form: DateReader | null;
  #smallest = Infinity;
  #largest = -Infinity;
  #zoned = false;

  constructor(
    private readonly settings: {
      readonly unit?: TimeUnit | undefined;
      readonly form?: { readonly text: string; readonly read: DateReader } | undefined;
    },
  ) {
    this.#form = settings.form?.read ?? null;
  }

  /**
   * Takes the time in `bytes[start, end)`. Returns what is wrong with it, or undefined.
   *
   * @param where gives the line's place, for an error about times of two kinds
   */
  push(bytes: Buffer, start: number, end: number, where: () => string): string | undefined {
    let value = this.#form === null ? wholeNumber(bytes, start, end) : -1;
    if (value < 0) {
      const text = bytes.toString("utf8", start, end);
      if (this.#form === null && NUMBER.test(text)) value = Number(text);
      else return this.#pushDate(text, where);
    }
    const size = Math.abs(value);
    const unit =
      this.settings.unit ??
      (size < FIRST_MILLISECONDS
        ? "seconds"
        : size < FIRST_MICROSECONDS
          ? "milliseconds"
          : "microseconds");
    this.#add(unit, value, where);
    return undefined;
  }

  #pushDate(text: string, where: () => string): string | undefined {
    const seconds = (this.#form ?? isoSeconds)(text);
    if (Number.isNaN(seconds)) {
      const form = this.settings.form;
      return `the time ${JSON.stringify(text)} is ${form === undefined ? NOT_A_TIME : `not of the form ${form.text}`}`;
    }
    this.#zoned ||= this.settings.form?.text.includes("%z") ?? ZONE.test(text.slice(10));
    this.#add("dates", seconds, where);
    return undefined;
  }

  #add(kind: TimeUnit | "dates", value: number, where: () => string): void {
    if (!this.#kinds.has(kind)) this.#kinds.set(kind, where());
    if (value < this.#smallest) this.#smallest = value;
    if (value > this.#largest) this.#largest = value;
    this.#times.push(value);
  }

  /** A row without a time: its place in the table is its time. */
  pushRow(row: number): void {
    this.#times.push(row);
  }

  /**
   * The times in seconds since 1970, and a sentence that says how they were read (null where there
   * are none). Throws a UserError where times are of two kinds.
   */
  take(): { readonly seconds: Float64Array; readonly told: string | null } {
    const seconds = this.#times.take();
    const kinds = [...this.#kinds];
    if (kinds.length === 0) return { seconds, told: null };
    if (kinds.length > 1) {
      const each = kinds.map(([kind, where]) => `${kind} (first in ${where})`).join(" and ");
      throw new UserError(`the times of interactions are ${each}; all have to be of one kind`, {
        exitCode: ExitCode.usage,
        hint: "numbers that are small or large on purpose: set interactions.time_unit",
      });
    }
    const kind = kinds[0]![0];
    const ticks = kind === "dates" ? 1 : TIME_UNITS[kind];
    if (ticks !== 1) seconds.forEach((time, row) => (seconds[row] = time / ticks));
    const [first, last] = [this.#smallest, this.#largest].map((time) => dayOf(time / ticks));
    const zone = kind === "dates" && !this.#zoned ? " in UTC, as they name no zone" : "";
    return { seconds, told: `times are read as ${kind}${zone}: from ${first} to ${last}` };
  }
}

/** Day in UTC; the number itself beyond what a calendar holds. */
function dayOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().slice(0, 10);
}

/** -1 where the bytes are not a whole number of up to 15 digits. */
function wholeNumber(bytes: Buffer, start: number, end: number): number {
  if (start === end || end - start > 15) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
