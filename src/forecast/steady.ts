import type { TimeLeft } from "../journal/index.js";

/** A new finding moves what is shown by most of the way within this part of the time left ... */
const PART = 0.04;
/** ... but within so many seconds at least and at most. */
const LEAST = 2;
const MOST = 60;

/**
 * The time left as it is shown: it runs down by itself, and glides to what is found anew, so that it
 * does not jump where a stage turns out longer or shorter than it was expected to be.
 */
export class SteadyTime {
  /** Milliseconds since 1970. */
  #end: number | null = null;
  #at = 0;

  /** @param now milliseconds since 1970 */
  show(found: TimeLeft | null, now: number): TimeLeft | null {
    if (found === null) {
      this.#end = null;
      return null;
    }
    const end = now + 1000 * found.seconds;
    const passed = Math.max(0, now - this.#at) / 1000;
    const takes = Math.min(MOST, Math.max(LEAST, PART * found.seconds));
    const part = this.#end === null ? 1 : 1 - Math.exp(-passed / takes);
    this.#end = (this.#end ?? end) + part * (end - (this.#end ?? end));
    this.#at = now;
    return { ...found, seconds: Math.max(0, this.#end - now) / 1000 };
  }
}
