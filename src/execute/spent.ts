import { readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Usage, addUsage, NO_USAGE } from "../contract/usage.js";

/** Beside what the stage itself keeps for its next attempt. */
const SECONDS = ".seconds";
const USAGE = ".usage";
const KEEP_MILLISECONDS = 1000;

/**
 * What all attempts at a stage have taken, time and payments, kept in its work folder so that kills
 * leave it. A kill loses the last second of it.
 */
export class Spent {
  readonly #folder: string;
  readonly #before: number;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;
  #usage: Usage | null;
  #isKept = true;

  constructor(work: string) {
    this.#folder = work;
    this.#before = readSeconds(path.join(work, SECONDS));
    this.#usage = readUsage(path.join(work, USAGE));
    this.#timer = setInterval(() => this.#keep(), KEEP_MILLISECONDS);
    this.#timer.unref();
  }

  /** Seconds of this attempt and all before it. */
  get seconds(): number {
    return this.#before + Math.round(performance.now() - this.#started) / 1000;
  }

  /** What this attempt and all before it paid; null: nothing was ever said of payments. */
  get usage(): Usage | null {
    return this.#usage;
  }

  /** Something was paid. */
  pay(more: Usage): void {
    this.#usage = addUsage(this.#usage ?? NO_USAGE, more);
    this.#isKept = false;
  }

  /** The attempt is over; another one may follow it. */
  end(): void {
    clearInterval(this.#timer);
    this.#keep();
  }

  /** The stage is over. */
  close(): void {
    clearInterval(this.#timer);
  }

  #keep(): void {
    try {
      writeFileSync(path.join(this.#folder, SECONDS), `${this.seconds}\n`);
      if (this.#isKept) return;
      const file = path.join(this.#folder, USAGE);
      // A kill between two writes must not lose what was paid so far.
      writeFileSync(`${file}.next`, JSON.stringify(this.#usage));
      renameSync(`${file}.next`, file);
      this.#isKept = true;
    } catch {
      // A time is not worth a stage: where its disk fails the stage itself says so.
    }
  }
}

function readSeconds(file: string): number {
  try {
    return Math.max(0, Number(/^\d+(\.\d+)?\n$/.exec(readFileSync(file, "utf8"))?.[0] ?? 0));
  } catch {
    return 0;
  }
}

function readUsage(file: string): Usage | null {
  try {
    const read = addUsage(NO_USAGE, JSON.parse(readFileSync(file, "utf8")) as Usage);
    return Object.values(read).every((count) => Number.isFinite(count)) ? read : null;
  } catch {
    return null;
  }
}
