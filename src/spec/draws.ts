import { createHash } from "node:crypto";
import type { Json, JsonObject } from "../base/json.js";

/**
 * A number in [0, 1) for one trial of one axis: the first 53 bits of SHA-256 over seed, path and
 * number of the trial, each followed by a line break, divided by 2^53. A counter-based generator, as
 * Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), describe them; SHA-256 is
 * FIPS 180-4. No draw depends on another one: more trials keep the earlier draws, and an axis more or
 * less changes no other axis.
 *
 * @param trial from 0
 */
export function unit(seed: number, path: string, trial: number): number {
  const hash = createHash("sha256").update(`${seed}\n${path}\n${trial}\n`).digest();
  return Number(hash.readBigUInt64BE(0) >> 11n) / 2 ** 53;
}

/**
 * The value that a draw of `u` in [0, 1) has in a space that fits the schema.
 *
 * - `uniform: [a, b]`: a + u (b - a), rounded to the third decimal place below the width's own: in a
 *   range of width 0.5 to 0.0001, in one of width 20 to 0.01.
 * - `log: [a, b]`: a (b / a)^u, rounded to 3 significant digits.
 * - `integer: [a, b]`: each whole number from a to b with the same probability.
 * - `choice`: each value of the list with the same probability.
 *
 * A value that rounding has moved out of the range is its nearer end.
 */
export function drawn(space: JsonObject, u: number): Json {
  const range = (name: string): readonly [number, number] =>
    space[name] as unknown as readonly [number, number];
  if ("choice" in space) {
    const values = space["choice"] as readonly Json[];
    return values[Math.floor(u * values.length)]!;
  }
  if ("integer" in space) {
    const [low, high] = range("integer");
    return low + Math.floor(u * (high - low + 1));
  }
  if ("log" in space) {
    const [low, high] = range("log");
    return within(low, high, Number((low * (high / low) ** u).toPrecision(3)));
  }
  const [low, high] = range("uniform");
  const place = 3 - Math.floor(Math.log10(high - low));
  return within(low, high, rounded(low + u * (high - low), place));
}

const within = (low: number, high: number, value: number): number =>
  Math.min(high, Math.max(low, value));

/** To `place` decimal places; to tens, hundreds, … where it is negative. */
function rounded(value: number, place: number): number {
  if (place >= 0) return Number(value.toFixed(Math.min(place, 100)));
  const unitOf = 10 ** -place;
  return Math.round(value / unitOf) * unitOf;
}
