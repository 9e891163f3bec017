/** What the scanner found as the value of a field. */
export const enum Found {
  nothing,
  /** A string without escapes and in ASCII: its bytes are its text. */
  text,
  /** A number by JSON's grammar. */
  number,
  /** null, true, false, an object or an array. */
  other,
}

// What ends a run of plain characters within a string: a quote, a backslash, a control character.
const endsRun = new Uint8Array(256);
for (let c = 0; c < 256; c++) endsRun[c] = c < 32 || c === 0x22 || c === 0x5c ? 1 : 0;

const maxDepth = 64;

/**
 * Finds a few fields of a JSON object in the bytes of a file, without making strings or objects.
 * It checks the whole object against JSON's grammar as it goes, so that what it accepts is what
 * JSON.parse accepts, with the same values; where it is unsure (an escape in a key or in a wanted
 * value, a wanted value beyond ASCII, deep nesting) it says so and JSON.parse has to decide.
 */
export class FieldScanner {
  /** By field: what the last scan found, and where its value stands (text without its quotes). */
  readonly found: Uint8Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  private readonly names: readonly Uint8Array[];
  private bytes: Uint8Array = new Uint8Array(0);
  private limit = 0;
  private at = 0;

  constructor(fields: readonly string[]) {
    this.names = fields.map((name) => Buffer.from(name, "latin1"));
    this.found = new Uint8Array(fields.length);
    this.start = new Int32Array(fields.length);
    this.end = new Int32Array(fields.length);
  }

  /**
   * Scans the object that begins at `from`. Returns the index of the newline that ends its line,
   * or -1 where it is unsure or no newline comes before `limit`. A repeated field's last value
   * counts, as in JSON.parse.
   */
  scan(bytes: Uint8Array, from: number, limit: number): number {
    this.bytes = bytes;
    this.limit = limit;
    this.at = from;
    this.found.fill(Found.nothing);
    this.space();
    if (!this.take(0x7b) || !this.members()) return -1;
    this.space();
    return this.at < limit && bytes[this.at] === 10 ? this.at : -1;
  }

  /** The members of the outermost object, after its brace. */
  private members(): boolean {
    this.space();
    if (this.take(0x7d)) return true;
    for (;;) {
      const keyStart = this.at + 1;
      if (!this.string() || !this.plain) return false;
      const field = this.fieldOf(keyStart, this.at - 1);
      this.space();
      if (!this.take(0x3a)) return false;
      this.space();
      if (field < 0 ? !this.value(1) : !this.wanted(field)) return false;
      this.space();
      if (this.take(0x7d)) return true;
      if (!this.take(0x2c)) return false;
      this.space();
    }
  }

  private fieldOf(start: number, end: number): number {
    next: for (let field = 0; field < this.names.length; field++) {
      const name = this.names[field]!;
      if (name.length !== end - start) continue;
      for (let i = 0; i < name.length; i++) if (name[i] !== this.bytes[start + i]) continue next;
      return field;
    }
    return -1;
  }

  private wanted(field: number): boolean {
    const first = this.bytes[this.at]!;
    const from = this.at;
    if (first === 0x22) {
      if (!this.string() || !this.plain) return false;
      for (let i = from + 1; i < this.at; i++) if (this.bytes[i]! >= 0x80) return false;
      this.found[field] = Found.text;
      this.start[field] = from + 1;
      this.end[field] = this.at - 1;
      return true;
    }
    if (!this.value(1)) return false;
    this.found[field] =
      first === 0x2d || (first >= 0x30 && first <= 0x39) ? Found.number : Found.other;
    this.start[field] = from;
    this.end[field] = this.at;
    return true;
  }

  /** Whether the last string had no escapes. */
  private plain = true;

  private string(): boolean {
    const { bytes, limit } = this;
    let at = this.at;
    if (at >= limit || bytes[at] !== 0x22) return false;
    at++;
    this.plain = true;
    for (;;) {
      while (at < limit && endsRun[bytes[at]!] === 0) at++;
      if (at >= limit) return false;
      const c = bytes[at]!;
      if (c === 0x22) {
        this.at = at + 1;
        return true;
      }
      if (c !== 0x5c || at + 1 >= limit) return false;
      this.plain = false;
      const escape = bytes[at + 1]!;
      if (escape === 0x75) {
        if (at + 6 > limit) return false;
        for (let i = at + 2; i < at + 6; i++) if (!isHex(bytes[i]!)) return false;
        at += 6;
      } else if (isEscape(escape)) {
        at += 2;
      } else {
        return false;
      }
    }
  }

  private value(depth: number): boolean {
    if (this.at >= this.limit) return false;
    switch (this.bytes[this.at]) {
      case 0x22:
        return this.string();
      case 0x7b:
        return depth < maxDepth && this.object(depth);
      case 0x5b:
        return depth < maxDepth && this.array(depth);
      case 0x74:
        return this.word("true");
      case 0x66:
        return this.word("false");
      case 0x6e:
        return this.word("null");
      default:
        return this.number();
    }
  }

  private object(depth: number): boolean {
    this.at++;
    this.space();
    if (this.take(0x7d)) return true;
    for (;;) {
      if (!this.string()) return false;
      this.space();
      if (!this.take(0x3a)) return false;
      this.space();
      if (!this.value(depth + 1)) return false;
      this.space();
      if (this.take(0x7d)) return true;
      if (!this.take(0x2c)) return false;
      this.space();
    }
  }

  private array(depth: number): boolean {
    this.at++;
    this.space();
    if (this.take(0x5d)) return true;
    for (;;) {
      if (!this.value(depth + 1)) return false;
      this.space();
      if (this.take(0x5d)) return true;
      if (!this.take(0x2c)) return false;
      this.space();
    }
  }

  private number(): boolean {
    this.take(0x2d);
    if (!this.take(0x30) && !this.digits()) return false;
    if (this.take(0x2e) && !this.digits()) return false;
    if (this.take(0x65) || this.take(0x45)) {
      if (!this.take(0x2b)) this.take(0x2d);
      if (!this.digits()) return false;
    }
    return true;
  }

  private digits(): boolean {
    const from = this.at;
    while (this.at < this.limit) {
      const c = this.bytes[this.at]!;
      if (c < 0x30 || c > 0x39) break;
      this.at++;
    }
    return this.at > from;
  }

  private word(text: string): boolean {
    if (this.at + text.length > this.limit) return false;
    for (let i = 0; i < text.length; i++) {
      if (this.bytes[this.at + i] !== text.charCodeAt(i)) return false;
    }
    this.at += text.length;
    return true;
  }

  private take(c: number): boolean {
    if (this.at >= this.limit || this.bytes[this.at] !== c) return false;
    this.at++;
    return true;
  }

  /** White space but the newline, which ends a line. */
  private space(): void {
    while (this.at < this.limit) {
      const c = this.bytes[this.at]!;
      if (c !== 0x20 && c !== 0x09 && c !== 0x0d) return;
      this.at++;
    }
  }
}

const isHex = (c: number): boolean =>
  (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);

/** One of " \ / b f n r t. */
const isEscape = (c: number): boolean =>
  c === 0x22 ||
  c === 0x5c ||
  c === 0x2f ||
  c === 0x62 ||
  c === 0x66 ||
  c === 0x6e ||
  c === 0x72 ||
  c === 0x74;
