import { UserError } from "../../../../src/base/exit.js";

/** More than this share of unusable lines is an error. */
const BAD_SHARE = 0.001;
const NAMED = 5;

/** Counts the lines of one table that can't be used, and names the first ones. */
export class BadLines {
  lines = 0;
  bad = 0;
  /** What a line is called. */
  noun: "lines" | "rows" = "lines";
  readonly #first: string[] = [];

  /** @param where the place of the line, `file:line` */
  add(where: string, why: string): void {
    this.bad += 1;
    if (this.#first.length < NAMED) this.#first.push(`${where}: ${why}`);
  }

  /** Lines that were counted elsewhere, and the first of them. */
  addAll(count: number, first: readonly string[]): void {
    this.bad += count;
    this.#first.push(...first.slice(0, NAMED - this.#first.length));
  }

  /**
   * What was left out, as a sentence; undefined where nothing was. Throws a UserError where more
   * than 0.1 % of the lines can't be used: then the settings are wrong, or the file is.
   */
  told(what: string): string | undefined {
    if (this.bad === 0) return undefined;
    const first = this.#first.join("; ");
    if (this.bad > this.lines * BAD_SHARE) {
      throw new UserError(
        `${this.bad} of ${this.lines} ${this.noun} of ${what} can't be used (at most 0.1 % may be bad): ${first}`,
      );
    }
    return `${this.bad} of ${this.lines} ${this.noun} of ${what} can't be used and were left out: ${first}`;
  }
}
