import { createHash } from "node:crypto";

/** A stream of random numbers. */
export interface Draws {
  /** A whole number from 0 to `below` - 1, each equally likely to within below × 2^-53. */
  index(below: number): number;
  /** A number of the standard normal distribution. */
  normal(): number;
}

/**
 * A stream of random numbers that depends on `name` alone: the same on every machine and every
 * Node. Words of 32 bits come from xoshiro128** (D. Blackman, S. Vigna, 2018), whose state begins as
 * the first 16 bytes of the SHA-256 of the name, as four little-endian words. Normal numbers are made
 * by Marsaglia's polar method (1964) with additions, multiplications, divisions and square roots
 * alone, which IEEE 754 defines to the last bit: `Math.log` and `Math.cos` differ between engines.
 */
export function drawsOf(name: string): Draws {
  const hash = createHash("sha256").update(name, "utf8").digest();
  const word = wordsFrom([0, 4, 8, 12].map((at) => hash.readUInt32LE(at)));
  /** In [0, 1), a multiple of 2^-53. */
  const uniform = (): number => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) * 2 ** -53;
  let spare: number | null = null;
  return {
    index: (below) => Math.floor(uniform() * below),
    normal() {
      if (spare !== null) {
        const kept = spare;
        spare = null;
        return kept;
      }
      for (;;) {
        const x = 2 * uniform() - 1;
        const y = 2 * uniform() - 1;
        const square = x * x + y * y;
        if (square >= 1 || square === 0) continue;
        const factor = Math.sqrt((-2 * logOf(square)) / square);
        spare = y * factor;
        return x * factor;
      }
    },
  };
}

/** xoshiro128**: the next word of 32 bits, from 0 to 2^32 - 1. `state` holds four words. */
export function wordsFrom(state: readonly number[]): () => number {
  let [a, b, c, d] = state as [number, number, number, number];
  return () => {
    const word = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 11);
    return word;
  };
}

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/**
 * The natural logarithm of a number in (0, 1), within 2e-16 of its size or of 1: the number is
 * brought into [√½, √2) by powers of 2, then ln x = 2 artanh((x - 1) / (x + 1)) by its series.
 */
export function logOf(number: number): number {
  let x = number;
  let powers = 0;
  while (x < Math.SQRT1_2) {
    x *= 2;
    powers += 1;
  }
  const ratio = (x - 1) / (x + 1);
  const square = ratio * ratio;
  let sum = 0;
  // |ratio| < 0.1716: the terms left out are below 1e-17.
  for (let term = 21; term >= 1; term -= 2) sum = sum * square + 1 / term;
  return 2 * ratio * sum - powers * Math.LN2;
}
