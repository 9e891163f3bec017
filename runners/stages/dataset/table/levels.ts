import { ExitCode, UserError } from "../../../../src/base/exit.js";
import { Column } from "../column.js";
import { IdTable } from "../ids.js";
import type { RatingScale } from "../ratings.js";

const MOST = 255;
const NUMBER = /^-?\d+(\.\d+)?$/;
const WORDS: { readonly [word: string]: number } = { true: 1, false: 0 };

/**
 * The ratings of a table: numbers of any scale, at most 255 different ones. Whole numbers from 1 to
 * 255 stay as they are; others are numbered from 1 in ascending order.
 */
export class LevelColumn {
  readonly #texts = new IdTable();
  /** By number of the text: the number of its value; -1 where it is no number. */
  readonly #valueOf: number[] = [];
  readonly #values: number[] = [];
  readonly #column = new Column((length) => new Uint8Array(length));

  /** @param what the column, for messages: `rating` */
  constructor(private readonly what: string) {}

  /** The number of the value in `bytes[start, end)`; a text says what is wrong with it. */
  number(bytes: Buffer, start: number, end: number): number | string {
    const before = this.#texts.size;
    const text = this.#texts.intern(bytes, start, end);
    if (this.#texts.size > before) this.#valueOf[text] = this.#read(this.#texts.text(text));
    const value = this.#valueOf[text]!;
    return value >= 0
      ? value
      : `the ${this.what} ${JSON.stringify(this.#texts.text(text))} is no number`;
  }

  push(value: number): void {
    this.#column.push(value);
  }

  #read(text: string): number {
    const trimmed = text.trim();
    const value = NUMBER.test(trimmed) ? Number(trimmed) : WORDS[trimmed.toLowerCase()];
    if (value === undefined) return -1;
    const known = this.#values.indexOf(value);
    if (known >= 0) return known;
    if (this.#values.length === MOST) {
      throw new UserError(
        `the ${this.what}s have more than ${MOST} different values, such as ${this.#values.slice(0, 4).join(", ")}`,
        { exitCode: ExitCode.usage, hint: "round them in an sql: query" },
      );
    }
    return this.#values.push(value) - 1;
  }

  /** The column as levels from 1, and what they stand for. */
  take(): { readonly levels: Uint8Array; readonly scale: RatingScale } {
    const levels = this.#column.take();
    const whole = this.#values.every(
      (value) => Number.isInteger(value) && value >= 1 && value <= MOST,
    );
    const sorted = [...this.#values].sort((a, b) => a - b);
    const levelOf = this.#values.map((value) => (whole ? value : sorted.indexOf(value) + 1));
    levels.forEach((value, row) => (levels[row] = levelOf[value]!));
    const scale: RatingScale = whole
      ? { largest: sorted.at(-1) ?? 1, values: null }
      : { largest: sorted.length, values: sorted };
    return { levels, scale };
  }
}
