import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Beside what the stage itself keeps for its next attempt. */
const FILE = ".seconds";
const KEEP_MILLISECONDS = 1000;

/** The time that all attempts at a stage have taken, kept in its work folder so that kills leave it. */
export class Spent {
  readonly #file: string;
  readonly #before: number;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(work: string) {
    this.#file = path.join(work, FILE);
    this.#before = read(this.#file);
    this.#timer = setInterval(() => this.#keep(), KEEP_MILLISECONDS);
    this.#timer.unref();
  }

  /** Seconds of this attempt and all before it. */
  get seconds(): number {
    return this.#before + Math.round(performance.now() - this.#started) / 1000;
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
      writeFileSync(this.#file, `${this.seconds}\n`);
    } catch {
      // A time is not worth a stage: where its disk fails the stage itself says so.
    }
  }
}

function read(file: string): number {
  try {
    return Math.max(0, Number(/^\d+(\.\d+)?\n$/.exec(readFileSync(file, "utf8"))?.[0] ?? 0));
  } catch {
    return 0;
  }
}
