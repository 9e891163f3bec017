const DIGIT = 11;
const MASK = (1 << DIGIT) - 1;

/**
 * Sorts samples by ascending score: a radix sort that carries each sample's owner along, so that
 * whoever walks over the samples afterwards reads memory in its order.
 *
 * @param scores numbers; NaN has no place in the order
 * @param owners a number of the caller's for each sample
 * @returns [2n]: for each sample a key, equal exactly where scores are equal, and its owner
 */
export function byScore(scores: Float32Array | Float64Array, owners: Uint32Array): Uint32Array {
  const keys = scores instanceof Float32Array ? keysOf(scores) : ranksOf(scores);
  const n = keys.length;
  const digits = [0, DIGIT, 2 * DIGIT].map((shift) => ({
    shift,
    starts: new Uint32Array(MASK + 1),
  }));
  let from: Uint32Array = new Uint32Array(2 * n);
  for (let i = 0; i < n; i++) {
    const key = keys[i]!;
    from[2 * i] = key;
    from[2 * i + 1] = owners[i]!;
    for (const { shift, starts } of digits) starts[(key >>> shift) & MASK]!++;
  }
  let to: Uint32Array = new Uint32Array(2 * n);
  for (const { shift, starts } of digits) {
    let next = 0;
    for (let digit = 0; digit <= MASK; digit++) {
      const count = starts[digit]!;
      starts[digit] = next;
      next += count;
    }
    for (let i = 0; i < 2 * n; i += 2) {
      const key = from[i]!;
      const at = 2 * starts[(key >>> shift) & MASK]!++;
      to[at] = key;
      to[at + 1] = from[i + 1]!;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Whole numbers that order like the values: of floats the bits, once negative ones are flipped. */
function keysOf(values: Float32Array): Uint32Array {
  // Adding 0 makes -0 the zero that it is equal to.
  const keys = new Uint32Array(values.map((value) => value + 0).buffer);
  for (let i = 0; i < keys.length; i++) {
    keys[i] = keys[i]! ^ (keys[i]! & 0x80000000 ? 0xffffffff : 0x80000000);
  }
  return keys;
}

/** Each value's place among the different values. */
function ranksOf(values: Float64Array): Uint32Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Uint32Array(values.length);
  let rank = 0;
  order.forEach((sample, at) => {
    if (at > 0 && values[order[at - 1]!] !== values[sample]) rank++;
    ranks[sample] = rank;
  });
  return ranks;
}
