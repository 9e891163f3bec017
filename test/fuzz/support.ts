import { UserError } from "../../src/base/exit.js";

/** A source of random numbers that a seed fixes on every machine (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** What breaks readers: numbers at their limits, marks of other formats, paths that lead nowhere. */
const NASTY: readonly string[] = [
  ...["", " ", "\n", "\r\n", "\t", "\0", "\u{FEFF}", "\u2028", "é", "\ud83d", "\u202e", "'", '"'],
  ...["-1", "0", "-0", "1e999", "1e-400", "9007199254740993", "0x10", "NaN", "Infinity", "1.5"],
  ...[
    "null",
    "true",
    "yes",
    "~",
    "[]",
    "{}",
    "[",
    "}",
    ": ",
    "- ",
    "#",
    "&a",
    "*a",
    "!!x ",
    "<<: ",
  ],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "${oc.env:X}", "{{x}}", "$HOME"],
  ...["../../..", "/", "./", "/dev/null", "/proc/self/mem", "a".repeat(300), "/x".repeat(3000)],
  ...["::", "|", ",,", "\\", "\\u0000", "%s", "http://", "https://a:b@c", "pypi:", "=", "\x1b[2J"],
];

/** Where a change begins and ends: mostly a short span, now and then a long one, or none. */
function spanOf(random: Random, whole: { readonly length: number }): [begin: number, end: number] {
  const begin = random.below(whole.length + 1);
  return [begin, begin + random.below(random.of([2, 8, 64]))];
}

/** A text with some parts cut, doubled, exchanged or replaced. */
export function mutateText(random: Random, text: string): string {
  let mutated = text;
  for (let count = 1 + random.below(4); count > 0; count--) {
    const [at, end] = spanOf(random, mutated);
    const [before, part, after] = [
      mutated.slice(0, at),
      mutated.slice(at, end),
      mutated.slice(end),
    ];
    switch (random.below(7)) {
      case 0:
        mutated = before + after;
        break;
      case 1:
        mutated = before + part + part + after;
        break;
      case 2:
        mutated = before + random.of(NASTY) + after;
        break;
      case 3:
        mutated = before;
        break;
      case 4:
        mutated = exchangeLines(random, mutated);
        break;
      default:
        mutated = exchangeWord(random, mutated);
    }
  }
  return mutated;
}

function exchangeLines(random: Random, text: string): string {
  const lines = text.split("\n");
  const [one, other] = [random.below(lines.length), random.below(lines.length)];
  [lines[one], lines[other]] = [lines[other]!, lines[one]!];
  return lines.join("\n");
}

/** One word becomes another one of the text, or something nasty. */
function exchangeWord(random: Random, text: string): string {
  const words = [...text.matchAll(/[\w.\-/]+/g)];
  if (words.length === 0) return text;
  const word = random.of(words);
  const other = random.below(2) === 0 ? random.of(words)[0] : random.of(NASTY);
  return text.slice(0, word.index) + other + text.slice(word.index + word[0].length);
}

/** Bytes with some of them changed, cut, doubled or put in. */
export function mutateBytes(random: Random, bytes: Uint8Array): Buffer {
  let mutated = Buffer.from(bytes);
  for (let count = 1 + random.below(4); count > 0; count--) {
    const [at, end] = spanOf(random, mutated);
    const [before, part, after] = [
      mutated.subarray(0, at),
      mutated.subarray(at, end),
      mutated.subarray(end),
    ];
    switch (random.below(6)) {
      case 0:
        if (at < mutated.length)
          mutated[at] = random.of([0, 1, 10, 127, 128, 255, random.below(256)]);
        break;
      case 1:
        mutated = Buffer.concat([before, after]);
        break;
      case 2:
        mutated = Buffer.concat([before, part, part, after]);
        break;
      case 3:
        mutated = Buffer.concat([before, Buffer.from(random.of(NASTY)), after]);
        break;
      case 4:
        mutated = Buffer.from(mutateText(random, mutated.toString("latin1")), "latin1");
        break;
      default:
        mutated = Buffer.from(before);
    }
  }
  return mutated;
}

/** One case: it ends where all is well, and throws where it is not. */
export type Case = (random: Random) => Promise<void> | void;

/** All cases together; what stands in R4EC_FUZZ takes the place of CI's number. */
const TOTAL = Number(process.env["R4EC_FUZZ"] ?? 2000);
const FIRST = Number(process.env["R4EC_FUZZ_SEED"] ?? 1);
/** A case reads one small file. One that takes so long hangs, or grows with the square of something. */
const MOST_SECONDS = 20;

/**
 * Runs a share of all cases, each with a seed of its own. The error of a case that fails names its
 * seed and how to run it alone.
 */
export async function fuzz(name: string, share: number, one: Case): Promise<void> {
  const count = Math.max(1, Math.round(TOTAL * share));
  for (let seed = FIRST; seed < FIRST + count; seed++) {
    const started = performance.now();
    const again = `case ${seed} of "${name}"; alone: R4EC_FUZZ=1 R4EC_FUZZ_SEED=${seed} npm test -- test/fuzz -t "${name}"`;
    try {
      await one(new Random(seed));
    } catch (error) {
      throw new Error(`${again}\n${error instanceof Error ? error.stack! : String(error)}`, {
        cause: error,
      });
    }
    const seconds = (performance.now() - started) / 1000;
    if (seconds > MOST_SECONDS) throw new Error(`${again} took ${seconds.toFixed(0)} s`);
  }
}

/**
 * Whether an error is one that a user is shown as it stands: words, and an exit status that says whose
 * fault it is. Anything else would be shown as a bug of r4ec (exit status 70).
 */
export function expectClear(error: unknown): void {
  if (!(error instanceof UserError)) throw error;
  if (![2, 3].includes(error.exitCode)) throw new Error(`exit status ${error.exitCode}`);
  expectWords(error.message);
}

/** Whether a message has words, and no trace of a program's inside. */
export function expectWords(message: string): void {
  const bad = [
    /^\s*$/,
    /\n\s+at .*:\d+:\d+/,
    /undefined|\[object/,
    /Cannot read propert|is not a function/,
  ];
  const found = bad.find((form) => form.test(message.replaceAll(/"[^"]*"/g, '""')));
  if (found !== undefined) throw new Error(`no clear message (${String(found)}): ${message}`);
}
