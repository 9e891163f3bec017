/** What the scanner found as the value of a field. */
export enum Found {
  nothing,
  /** A string without escapes and in ASCII: its bytes are its text. */
  text,
  /** A number by JSON's grammar. */
  number,
  /** null, true, false, an object or an array. */
  other,
}

const newline = 10;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

// What ends a run of plain characters within a string: a quote, a backslash, a control character.
const endsRun = new Uint8Array(256);
// The same, and whatever isn't ASCII.
const endsAscii = new Uint8Array(256);
for (let c = 0; c < 256; c++) {
  endsRun[c] = c < 32 || c === quote || c === backslash ? 1 : 0;
  endsAscii[c] = endsRun[c] === 1 || c >= 0x80 ? 1 : 0;
}

const deepest = 64;

/**
 * Finds a few fields of a JSON object in the bytes of a file, without making strings or objects.
 * It checks the whole object against JSON's grammar as it goes, so that what it accepts is what
 * JSON.parse accepts, with the same values; where it is unsure (an escape in a key or in a wanted
 * value, a wanted value beyond ASCII, deep nesting) it says so and JSON.parse has to decide.
 *
 * The bytes must hold a newline at or after every index a scan starts from: nothing within a line
 * accepts one, so that no step has to look out for the end.
 */
export class FieldScanner {
  /** By field: what the last scan found, and where its value stands (text without its quotes). */
  readonly found: Uint8Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  private readonly names: readonly Uint8Array[];
  /** Bit n: some field's name has n bytes. */
  private readonly lengths: number;

  constructor(fields: readonly string[]) {
    this.names = fields.map((name) => Buffer.from(name, "latin1"));
    this.lengths = this.names.reduce((bits, name) => bits | (1 << Math.min(name.length, 31)), 0);
    this.found = new Uint8Array(fields.length);
    this.start = new Int32Array(fields.length);
    this.end = new Int32Array(fields.length);
  }

  /**
   * Scans the object that begins at `from`. Returns the index of the newline that ends its line,
   * or -1 where it is unsure. A repeated field's last value counts, as in JSON.parse.
   */
  scan(bytes: Uint8Array, from: number): number {
    this.found.fill(Found.nothing);
    let at = space(bytes, from);
    if (bytes[at] !== openBrace) return -1;
    at = space(bytes, at + 1);
    if (bytes[at] === closeBrace) return lineEnd(bytes, at + 1);
    for (;;) {
      const key = at + 1;
      at = plainString(bytes, at, endsRun);
      if (at < 0) return -1;
      const length = at - 1 - key;
      const field =
        (this.lengths >> Math.min(length, 31)) & 1 ? this.fieldOf(bytes, key, length) : -1;
      at = space(bytes, at);
      if (bytes[at] !== colon) return -1;
      at = space(bytes, at + 1);
      at = field < 0 ? value(bytes, at, 1) : this.wanted(bytes, at, field);
      if (at < 0) return -1;
      at = space(bytes, at);
      const c = bytes[at];
      if (c === closeBrace) return lineEnd(bytes, at + 1);
      if (c !== comma) return -1;
      at = space(bytes, at + 1);
    }
  }

  private fieldOf(bytes: Uint8Array, from: number, length: number): number {
    next: for (let field = 0; field < this.names.length; field++) {
      const name = this.names[field]!;
      if (name.length !== length) continue;
      for (let i = 0; i < length; i++) if (name[i] !== bytes[from + i]) continue next;
      return field;
    }
    return -1;
  }

  private wanted(bytes: Uint8Array, from: number, field: number): number {
    const first = bytes[from]!;
    const text = first === quote;
    const to = text ? plainString(bytes, from, endsAscii) : value(bytes, from, 1);
    if (to < 0) return -1;
    const number = first === 0x2d || (first >= 0x30 && first <= 0x39);
    this.found[field] = text ? Found.text : number ? Found.number : Found.other;
    this.start[field] = text ? from + 1 : from;
    this.end[field] = text ? to - 1 : to;
    return to;
  }
}

// Each step takes the index where it begins and gives the index after it, or -1 where it is unsure.

/** White space but the newline, which ends a line. */
function space(bytes: Uint8Array, from: number): number {
  let at = from;
  let c = bytes[at]!;
  while (c === 0x20 || c === 0x09 || c === 0x0d) c = bytes[++at]!;
  return at;
}

function lineEnd(bytes: Uint8Array, from: number): number {
  const at = space(bytes, from);
  return bytes[at] === newline ? at : -1;
}

/** A string without escapes. */
function plainString(bytes: Uint8Array, from: number, ends: Uint8Array): number {
  if (bytes[from] !== quote) return -1;
  let at = from + 1;
  while (ends[bytes[at]!] === 0) at++;
  return bytes[at] === quote ? at + 1 : -1;
}

function string(bytes: Uint8Array, from: number): number {
  if (bytes[from] !== quote) return -1;
  let at = from + 1;
  for (;;) {
    while (endsRun[bytes[at]!] === 0) at++;
    const c = bytes[at];
    if (c === quote) return at + 1;
    if (c !== backslash) return -1;
    const escape = bytes[at + 1]!;
    if (escape === 0x75) {
      for (let i = at + 2; i < at + 6; i++) if (!isHex(bytes[i]!)) return -1;
      at += 6;
    } else if (isEscape(escape)) {
      at += 2;
    } else {
      return -1;
    }
  }
}

function value(bytes: Uint8Array, from: number, depth: number): number {
  switch (bytes[from]) {
    case quote:
      return string(bytes, from);
    case openBrace:
      return depth < deepest ? object(bytes, from, depth) : -1;
    case openBracket:
      return depth < deepest ? array(bytes, from, depth) : -1;
    case 0x74:
      return word(bytes, from, "true");
    case 0x66:
      return word(bytes, from, "false");
    case 0x6e:
      return word(bytes, from, "null");
    default:
      return number(bytes, from);
  }
}

function object(bytes: Uint8Array, from: number, depth: number): number {
  let at = space(bytes, from + 1);
  if (bytes[at] === closeBrace) return at + 1;
  for (;;) {
    at = string(bytes, at);
    if (at < 0) return -1;
    at = space(bytes, at);
    if (bytes[at] !== colon) return -1;
    at = value(bytes, space(bytes, at + 1), depth + 1);
    if (at < 0) return -1;
    at = space(bytes, at);
    if (bytes[at] === closeBrace) return at + 1;
    if (bytes[at] !== comma) return -1;
    at = space(bytes, at + 1);
  }
}

function array(bytes: Uint8Array, from: number, depth: number): number {
  let at = space(bytes, from + 1);
  if (bytes[at] === closeBracket) return at + 1;
  for (;;) {
    at = value(bytes, at, depth + 1);
    if (at < 0) return -1;
    at = space(bytes, at);
    if (bytes[at] === closeBracket) return at + 1;
    if (bytes[at] !== comma) return -1;
    at = space(bytes, at + 1);
  }
}

function number(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === 0x2d ? from + 1 : from;
  at = bytes[at] === 0x30 ? at + 1 : digits(bytes, at);
  if (at >= 0 && bytes[at] === 0x2e) at = digits(bytes, at + 1);
  if (at >= 0 && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
    const signed = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d;
    at = digits(bytes, signed ? at + 2 : at + 1);
  }
  return at;
}

function digits(bytes: Uint8Array, from: number): number {
  let at = from;
  let c = bytes[at]!;
  while (c >= 0x30 && c <= 0x39) c = bytes[++at]!;
  return at > from ? at : -1;
}

function word(bytes: Uint8Array, from: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (bytes[from + i] !== text.charCodeAt(i)) return -1;
  }
  return from + text.length;
}

const isHex = (c: number): boolean =>
  (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);

/** One of " \ / b f n r t. */
const isEscape = (c: number): boolean =>
  c === quote ||
  c === backslash ||
  c === 0x2f ||
  c === 0x62 ||
  c === 0x66 ||
  c === 0x6e ||
  c === 0x72 ||
  c === 0x74;
