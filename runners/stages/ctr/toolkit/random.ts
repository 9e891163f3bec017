/** A stream of numbers that its seed and its name decide alone. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Fills `values` with the next normal numbers, each times `deviation`: faster than one by one. */
  normals(values: Float32Array, deviation: number): void;
}

/**
 * A generator for one parameter of one replica (sfc32, seeded by the hash of the seed and the
 * parameter's name): adding a parameter or a replica changes no other's initial weights.
 */
export const random = (seed: number, name: string): Random => new Sfc32(seed, name);

/** Words that are made at once: made in a loop over local variables, one takes a few nanoseconds. */
const block = 256;

class Sfc32 implements Random {
  /** The generator's three words and its counter. */
  readonly #state: Int32Array;
  readonly #words = new Uint32Array(block);
  /** The next of the words; an even number, since a uniform number takes two. */
  #at = block;
  /** The second number of a pair whose first one was given. */
  #spare: number | null = null;

  constructor(seed: number, name: string) {
    this.#state = Int32Array.of(
      hash(`${seed}/${name}`, 0x811c9dc5),
      hash(`${name}/${seed}`, 0x9e3779b9),
      hash(`${seed}:${name}`, 0x85ebca6b),
      1,
    );
    this.#make(16);
  }

  /** Makes the next words, at most a block. */
  #make(count: number): void {
    let [a, b, c, counter] = this.#state as unknown as [number, number, number, number];
    const words = this.#words;
    for (let i = 0; i < count; i++) {
      const sum = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      words[i] = sum;
    }
    this.#state.set([a, b, c, counter]);
  }

  readonly uniform = (): number => {
    if (this.#at === block) {
      this.#make(block);
      this.#at = 0;
    }
    const at = this.#at;
    this.#at = at + 2;
    return unit(this.#words[at]!, this.#words[at + 1]!);
  };

  readonly normal = (): number => {
    const spare = this.#spare;
    if (spare !== null) {
      this.#spare = null;
      return spare;
    }
    const radius = radiusOf(this.uniform());
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };

  readonly normals = (values: Float32Array, deviation: number): void => {
    const count = values.length;
    let i = 0;
    if (this.#spare !== null && count > 0) values[i++] = deviation * this.normal();
    for (; i + 1 < count; i += 2) {
      const radius = radiusOf(this.uniform());
      const angle = 2 * Math.PI * this.uniform();
      values[i] = deviation * (radius * Math.cos(angle));
      values[i + 1] = deviation * (radius * Math.sin(angle));
    }
    if (i < count) values[i] = deviation * this.normal();
  };
}

/** 53 of the bits of two words as a number in [0, 1). */
const unit = (high: number, low: number): number => (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;

/** The length of a pair of normal numbers (Box and Muller 1958). */
const radiusOf = (uniform: number): number => Math.sqrt(-2 * Math.log(1 - uniform));

/** FNV-1a over UTF-16 code units, from a given basis. */
function hash(text: string, basis: number): number {
  let value = basis;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value | 0;
}
